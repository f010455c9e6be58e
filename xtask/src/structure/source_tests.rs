//! Tests of the reader of sources.

use super::source::read;

fn uses(code: &str) -> Vec<String> {
    read(code, &["api", "cart"]).unwrap().into_iter().map(|(line, used)| format!("{line} {used}")).collect()
}

#[test]
fn imports_are_flattened() {
    let code = "use crate::{store::{self, carts::Cart as C}, domain::*};\nuse http;";
    assert_eq!(uses(code), ["1 crate::store", "1 crate::store::carts::Cart", "1 crate::domain::*", "2 http"]);
}

#[test]
fn self_and_super_are_resolved_to_the_crate() {
    assert_eq!(uses("use super::requests;"), ["1 crate::api::requests"]);
    assert_eq!(uses("use super::super::store;"), ["1 crate::store"]);
    assert_eq!(uses("use self::line::Line;"), ["1 crate::api::cart::line::Line"]);
    assert_eq!(uses("mod line { use super::Line; }"), ["1 crate::api::cart::Line"]);
}

#[test]
fn paths_in_types_expressions_patterns_and_macros_are_found() {
    let code = "fn f(a: web::Call) -> T {\n match a { http::X::Y => 1 }\n;crate::store::load()\n;vec![web::Reply::new(), \"delete from x\"] }";
    let found =
        ["1 web::Call", "2 http::X::Y", "3 crate::store::load", "4 web::Reply::new", "4 \"delete from x\""];
    assert_eq!(uses(code), found);
}

#[test]
fn a_variable_is_no_path() {
    assert_eq!(uses("fn f(http: u8) -> u8 { http + web!(http) }"), [""; 0]);
}

#[test]
fn asynchronous_code_is_found() {
    assert_eq!(uses("async fn f() { a.await }"), ["1 async", "1 async"]);
    assert_eq!(uses("fn f() { async { 1 }; async || 1; join!(a.await) }"), ["1 async"; 3]);
}

#[test]
fn code_of_tests_and_documentation_are_left_out() {
    assert_eq!(uses("#[cfg(test)] mod tests { use crate::store; }"), [""; 0]);
    assert_eq!(uses("/// \"select 1\"\n#[cfg(all(test, unix))] use crate::store;"), [""; 0]);
    assert_eq!(uses("#![cfg(test)]\nuse crate::store;"), [""; 0]);
    assert_eq!(uses("#[cfg(not(test))] use crate::store;"), ["1 crate::store"]);
    assert_eq!(uses("#[cfg(feature = \"x\")] use crate::store;").last().unwrap(), "1 crate::store");
}
