# Prints one value of the JSON text on standard input: awk -v path=items.0.id -f json.awk
#
# `path` names members and, from 0, elements; after an array or an object, `length` is the number of its values. A string is printed
# without its quotes. Fails if the text is not JSON, if nothing is at the path, or if the string has an escape.
#
# k8s/e2e.sh and the CronJob check-ledger use it: neither can rely on jq.

{ text = text $0 "\n" }

END {
  if (!read_value("") || take("[^ \t\r\n]")) stop("not JSON: " substr(token text, 1, 80))
  if (!((path) in values)) stop("no value at " path)
  if (index(values[path], "\\")) stop("an escape in the string at " path)
  print values[path]
}

# Reads the value that comes next, and stores it and all values below it by their paths. Returns 0 if there is none.
function read_value(at) {
  if (take("[{]")) return read_members(at, "[}]", 1)
  if (take("[[]")) return read_members(at, "[]]", 0)
  if (take(string)) return store(at, substr(token, 2, length(token) - 2))
  if (take("-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?|true|false|null")) return store(at, token)
  return 0
}

# Reads the members of an object or the elements of an array, up to the bracket that closes it.
function read_members(at, close_bracket, is_object,    count, name) {
  count = 0
  if (!take(close_bracket)) {
    do {
      name = count++
      if (is_object) {
        if (!take(string)) return 0
        name = substr(token, 2, length(token) - 2)
        if (!take(":")) return 0
      }
      if (!read_value(join(at, name))) return 0
    } while (take(","))
    if (!take(close_bracket)) return 0
  }
  return store(join(at, "length"), count)
}

# Removes what matches the pattern from the start of the text, into `token`. Returns 0 if nothing matches.
function take(pattern) {
  sub(/^[ \t\r\n]+/, "", text)
  if (!match(text, "^(" pattern ")")) return 0
  token = substr(text, 1, RLENGTH)
  text = substr(text, RLENGTH + 1)
  return 1
}

function store(at, value) {
  values[at] = value
  return 1
}

function join(at, name) {
  return at == "" ? name : at "." name
}

function stop(message) {
  print "json.awk: " message > "/dev/stderr"
  exit 1
}

BEGIN { string = "\"([^\"\\\\]|\\\\.)*\"" }
