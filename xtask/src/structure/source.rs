//! Reads what a Rust source uses: paths, string literals and asynchronous code. Code that is compiled only for tests is left out.

use std::fmt;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Something that the source uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Use {
    /// A path: `crate::store::carts`, with `self` and `super` resolved.
    Path(Vec<String>),
    /// A string literal.
    Text(String),
    /// `async` or `.await`.
    Async,
}

impl fmt::Display for Use {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(segments) => formatter.write_str(&segments.join("::")),
            Self::Text(text) => {
                write!(
                    formatter,
                    "{:?}",
                    text.lines().next().unwrap_or_default().chars().take(60).collect::<String>()
                )
            }
            Self::Async => formatter.write_str("async"),
        }
    }
}

/// Reads what a source uses, with the line of each use. `module` is the path of its module in the crate: `["api", "cart"]`.
pub(super) fn read(code: &str, module: &[&str]) -> syn::Result<Vec<(usize, Use)>> {
    let file = syn::parse_file(code)?;
    let module = module.iter().map(|segment| (*segment).to_owned()).collect();
    let mut reader = Reader { module, uses: Vec::new() };
    if !file.attrs.iter().any(is_test_only) {
        reader.visit_file(&file);
    }
    Ok(reader.uses)
}

struct Reader {
    module: Vec<String>,
    uses: Vec<(usize, Use)>,
}

/// Returns whether an attribute is `#[cfg(test)]`, `#[cfg(all(test, ..))]` or `#[test]`.
fn is_test_only(attribute: &syn::Attribute) -> bool {
    if attribute.path().is_ident("test") {
        return true;
    }
    let syn::Meta::List(list) = &attribute.meta else { return false };
    let words: Vec<String> = list.tokens.clone().into_iter().flat_map(words_of).collect();
    list.path.is_ident("cfg")
        && matches!(words.first().map(String::as_str), Some("test" | "all"))
        && words.iter().any(|word| word == "test")
        && !words.iter().any(|word| word == "not")
}

fn words_of(token: TokenTree) -> Vec<String> {
    match token {
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Group(group) => group.stream().into_iter().flat_map(words_of).collect(),
        TokenTree::Punct(_) | TokenTree::Literal(_) => Vec::new(),
    }
}

impl Reader {
    fn add(&mut self, span: Span, used: Use) {
        self.uses.push((span.start().line, used));
    }

    /// Adds a path. A single name is a local item or a variable unless it is imported.
    fn add_path(&mut self, span: Span, segments: &[String], is_import: bool) {
        if segments.len() > 1 || is_import {
            let resolved = self.resolve(segments);
            self.add(span, Use::Path(resolved));
        }
    }

    /// Replaces `self` and `super` at the beginning by the path from the crate's root.
    fn resolve(&self, segments: &[String]) -> Vec<String> {
        let supers = segments.iter().take_while(|segment| *segment == "super" || *segment == "self").count();
        if supers == 0 {
            return segments.to_vec();
        }
        let up = segments.iter().take(supers).filter(|segment| *segment == "super").count();
        let kept = self.module.len().saturating_sub(up);
        let module = self.module.iter().take(kept).cloned();
        ["crate".to_owned()].into_iter().chain(module).chain(segments.iter().skip(supers).cloned()).collect()
    }

    fn add_import(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let with = |name: String| prefix.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            syn::UseTree::Path(path) => self.add_import(&with(path.ident.to_string()), &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => {
                self.add_path(name.ident.span(), prefix, true);
            }
            syn::UseTree::Name(name) => self.add_path(name.ident.span(), &with(name.ident.to_string()), true),
            syn::UseTree::Rename(name) => {
                self.add_path(name.ident.span(), &with(name.ident.to_string()), true);
            }
            syn::UseTree::Glob(glob) => self.add_path(glob.star_token.spans[0], &with("*".to_owned()), true),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.add_import(prefix, item)),
        }
    }

    /// Reads the tokens of a macro, which are not parsed: paths, literals, `async` and `await`.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut start = Span::call_site();
        for token in tokens {
            match &token {
                TokenTree::Ident(word) if colons == 2 && !path.is_empty() => path.push(word.to_string()),
                TokenTree::Ident(word) => {
                    self.add_path(start, &std::mem::take(&mut path), false);
                    (path, start) = (vec![word.to_string()], word.span());
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Punct(_) => self.add_path(start, &std::mem::take(&mut path), false),
                TokenTree::Literal(literal) => {
                    self.add_path(start, &std::mem::take(&mut path), false);
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.add(literal.span(), Use::Text(text.value()));
                    }
                }
                TokenTree::Group(group) => {
                    self.add_path(start, &std::mem::take(&mut path), false);
                    self.add_tokens(group.stream());
                }
            }
            if let TokenTree::Ident(word) = &token
                && (word == "async" || word == "await")
            {
                self.add(word.span(), Use::Async);
            }
            colons = 0;
        }
        self.add_path(start, &path, false);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Use(item) => &item.attrs,
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Static(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            syn::Item::Trait(item) => &item.attrs,
            syn::Item::Type(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_test_only) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !function.attrs.iter().any(is_test_only) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_import(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let span = path.segments.first().map_or_else(Span::call_site, |segment| segment.ident.span());
        self.add_path(span, &segments, false);
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        // A documentation comment is no literal of the code.
        if !attribute.path().is_ident("doc") {
            visit::visit_attribute(self, attribute);
        }
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.add_tokens(call.tokens.clone());
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        self.add(literal.span(), Use::Text(literal.value()));
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        if let Some(token) = &signature.asyncness {
            self.add(token.span, Use::Async);
        }
        visit::visit_signature(self, signature);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        if let Some(token) = &closure.asyncness {
            self.add(token.span, Use::Async);
        }
        visit::visit_expr_closure(self, closure);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.add(block.async_token.span, Use::Async);
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_await(&mut self, expression: &'ast syn::ExprAwait) {
        self.add(expression.await_token.span, Use::Async);
        visit::visit_expr_await(self, expression);
    }
}
