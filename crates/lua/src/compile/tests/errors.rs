//! Messages of syntax errors, as `load` of Debian's lua5.4 (5.4.4) gives them.

use super::build;
use procession_environment::Dialect;

fn message(source: &[u8]) -> String {
    match build(source, Dialect::Plain) {
        Ok(_) => String::new(),
        Err(error) => error.message,
    }
}

#[test]
fn messages_are_those_of_puc() {
    for (source, expected) in MESSAGES {
        assert_eq!(message(source), *expected, "{:?}", String::from_utf8_lossy(source));
    }
}

fn names(letter: char, count: usize, separator: &str) -> String {
    let names: Vec<_> = (1..=count).map(|number| format!("{letter}{number}")).collect();
    names.join(separator)
}

#[test]
fn limits_are_reported() {
    let locals = format!("local {}", names('a', 201, ", "));
    let message_of = |source: &str| message(source.as_bytes());
    assert_eq!(
        message_of(&locals),
        "src:1: too many local variables (limit is 200) in main function near <eof>"
    );
    assert_eq!(
        message_of(&format!("\nfunction f() {locals} end")),
        "src:2: too many local variables (limit is 200) in function at line 2 near 'end'"
    );
    let (a, b) = (names('a', 150, ", "), names('b', 150, ", "));
    let uses = format!("{} + {}", names('a', 150, "+"), names('b', 150, "+"));
    let upvalues = format!(
        "local {a}\nlocal function g() local {b}\nlocal function h() return {uses} end end"
    );
    assert_eq!(
        message_of(&upvalues),
        "src:3: too many upvalues (limit is 255) in function at line 3 near '+'"
    );
    assert_eq!(
        message_of(&format!("\nf({})", names('a', 250, ", "))),
        "src:2: function or expression needs too many registers"
    );
    assert_eq!(message_of(&format!("local {}", names('a', 200, ", "))), "");
    assert_eq!(message_of(&format!("f({})", names('a', 247, ", "))), "");
}

#[test]
fn nesting_is_limited_where_puc_limits_it() {
    let nested = |before: &str, count: usize, middle: &str, after: &str| {
        let source = format!("{}{middle}{}", before.repeat(count), after.repeat(count));
        message(source.as_bytes())
    };
    for (before, middle, after, most) in [
        ("do ", "", " end", 197),
        ("if x then ", "", " end", 196),
        ("x = function() ", "", " end", 98),
    ] {
        assert_eq!(nested(before, most, middle, after), "");
        assert_eq!(nested(before, most + 1, middle, after), "C stack overflow");
    }
    for (before, after) in [("(", ")"), ("{", "}"), ("- ", ""), ("a .. ", ""), ("a ^ ", "")] {
        let of = |count: usize| {
            let source = format!("x = {}1{}", before.repeat(count), after.repeat(count));
            message(source.as_bytes())
        };
        assert_eq!(of(195), "");
        assert_eq!(of(196), "C stack overflow");
    }
}

const MESSAGES: &[(&[u8], &str)] = &[
    (b"x =", "src:1: unexpected symbol near <eof>"),
    (b"= 1", "src:1: unexpected symbol near '='"),
    (b"x = = 1", "src:1: unexpected symbol near '='"),
    (b"x y", "src:1: syntax error near 'y'"),
    (b"x.y", "src:1: syntax error near <eof>"),
    (b"f(", "src:1: unexpected symbol near <eof>"),
    (b"f(1\n2)", "src:2: ')' expected (to close '(' at line 1) near '2'"),
    (b"x[1", "src:1: ']' expected near <eof>"),
    (b"(x) = 1", "src:1: syntax error near '='"),
    (b"x() = 1", "src:1: syntax error near '='"),
    (b"local 1", "src:1: <name> expected near '1'"),
    (b"local function 1", "src:1: <name> expected near '1'"),
    (b"local function f(a,) end", "src:1: <name> or '...' expected near ')'"),
    (b"local function f(..., a) end", "src:1: ')' expected near ','"),
    (b"function f.1() end", "src:1: '(' expected near '.1'"),
    (b"return 1 2", "src:1: <eof> expected near '2'"),
    (b"if x", "src:1: 'then' expected near <eof>"),
    (b"if x the", "src:1: 'then' expected near 'the'"),
    (b"if x then", "src:1: 'end' expected near <eof>"),
    (b"if x\nthen\nelse", "src:3: 'end' expected (to close 'if' at line 1) near <eof>"),
    (b"end", "src:1: <eof> expected near 'end'"),
    (b"while x do", "src:1: 'end' expected near <eof>"),
    (b"repeat\nuntil", "src:2: unexpected symbol near <eof>"),
    (b"for 1", "src:1: <name> expected near '1'"),
    (b"for x", "src:1: '=' or 'in' expected near <eof>"),
    (b"for x = 1 do end", "src:1: ',' expected near 'do'"),
    (b"for x = 1, 2", "src:1: 'do' expected near <eof>"),
    (b"for x in y", "src:1: 'do' expected near <eof>"),
    (b"for x, y = 1, 2 do end", "src:1: 'in' expected near '='"),
    (b"x = }", "src:1: unexpected symbol near '}'"),
    (b"x = { 1\n2 }", "src:2: '}' expected (to close '{' at line 1) near '2'"),
    (b"x = { a.b = 1 }", "src:1: '}' expected near '='"),
    (b"x = 'abc", "src:1: unfinished string near <eof>"),
    (b"x = 'abc\n'", "src:1: unfinished string near ''abc'"),
    (b"x = [[abc", "src:1: unfinished long string (starting at line 1) near <eof>"),
    (b"x = [==abc", "src:1: invalid long string delimiter near '[=='"),
    (b"--[[abc", "src:1: unfinished long comment (starting at line 1) near <eof>"),
    (b"x = 'a\\qb'", "src:1: invalid escape sequence near ''a\\q'"),
    (b"x = '\\xzz'", "src:1: hexadecimal digit expected near ''\\xz'"),
    (b"x = '\\400'", "src:1: decimal escape too large near ''\\400''"),
    (b"x = '\\u{'", "src:1: hexadecimal digit expected near ''\\u{''"),
    (b"x = '\\u123'", "src:1: missing '{' near ''\\u1'"),
    (b"x = '\\u{110000000}'", "src:1: UTF-8 value too large near ''\\u{110000000'"),
    (b"x = '\\u{41'", "src:1: missing '}' near ''\\u{41''"),
    (b"x = 'a\\65' y", "src:1: syntax error near <eof>"),
    (b"x = 0x", "src:1: malformed number near '0x'"),
    (b"x = 3..2", "src:1: malformed number near '3..2'"),
    (b"x = 1e", "src:1: malformed number near '1e'"),
    (b"x = 3x", "src:1: malformed number near '3x'"),
    (b"x = @", "src:1: unexpected symbol near '@'"),
    (b"x = \x01", "src:1: unexpected symbol near '<\\1>'"),
    (b"x = \xc8", "src:1: unexpected symbol near '<\\200>'"),
    (b"x = a.1", "src:1: unexpected symbol near '.1'"),
    (b"x = a:b", "src:1: function arguments expected near <eof>"),
    (
        b"function f() return ... end",
        "src:1: cannot use '...' outside a vararg function near '...'",
    ),
    (b"goto 1", "src:1: <name> expected near '1'"),
    (b"goto x", "src:1: no visible label 'x' for <goto> at line 1"),
    (
        b"do goto x end\nlocal a\n::x:: print(a)",
        "src:3: <goto x> at line 1 jumps into the scope of local 'a'",
    ),
    (
        b"repeat goto x; local a; ::x:: until a",
        "src:1: <goto x> at line 1 jumps into the scope of local 'a'",
    ),
    (b"::x::\n::x::", "src:2: label 'x' already defined on line 2"),
    (b"break", "src:1: break outside loop at line 1"),
    (b"do break end\n", "src:2: break outside loop at line 1"),
    (b"function f()\nbreak\nend", "src:3: break outside loop at line 2"),
    (b"local x <const> = 1; x = 2", "src:1: attempt to assign to const variable 'x'"),
    (b"local x <const> = {}; function x() end", "src:1: attempt to assign to const variable 'x'"),
    (
        b"local x <close> = nil; local function f() x = 1 end",
        "src:1: attempt to assign to const variable 'x'",
    ),
    (b"local x <foo> = 1", "src:1: unknown attribute 'foo'"),
    (b"local x <close>, y <close> = 1, 2", "src:1: multiple to-be-closed variables in local list"),
    (b"local x <const", "src:1: '>' expected near <eof>"),
    (b"x = 5 = 6", "src:1: unexpected symbol near '='"),
    (b"x += 1", "src:1: syntax error near '+'"),
    (b"a, b", "src:1: '=' expected near <eof>"),
    (b"a, f() = 1", "src:1: syntax error near '='"),
    (b"a.b:c = 1", "src:1: function arguments expected near '='"),
    (b"x = function", "src:1: '(' expected near <eof>"),
    (b"x = #", "src:1: unexpected symbol near <eof>"),
    (b"\n\nx = 'long string literal' 'another'", "src:3: unexpected symbol near ''another''"),
    (b"x = 12.5 13", "src:1: unexpected symbol near '13'"),
    (b"#x", "src:1: unexpected symbol near '#'"),
    (b"x = ~", "src:1: unexpected symbol near <eof>"),
    (b"'a'.b = 1", "src:1: unexpected symbol near ''a''"),
    (b"f{1}{2", "src:1: '}' expected near <eof>"),
    (b"a.b['c'] d", "src:1: syntax error near 'd'"),
    (b"local function f() end end", "src:1: <eof> expected near 'end'"),
    (b"return return", "src:1: unexpected symbol near 'return'"),
    (b"else", "src:1: <eof> expected near 'else'"),
    (b"for i = 1, 2, 3, 4 do end", "src:1: 'do' expected near ','"),
    (b"x = [=[ ]] ", "src:1: unfinished long string (starting at line 1) near <eof>"),
    (b"goto = 1", "src:1: <name> expected near '='"),
    (b"local t = {} t.end = 1", "src:1: <name> expected near 'end'"),
    (b"x = nil.y", "src:1: unexpected symbol near '.'"),
    (b"return;;", "src:1: <eof> expected near ';'"),
    (b"x = a..", "src:1: unexpected symbol near <eof>"),
    (b"x = 1..2", "src:1: malformed number near '1..2'"),
    (b"::a", "src:1: '::' expected near <eof>"),
    (b"local a <const>, b = 1, 2; a = b", "src:1: attempt to assign to const variable 'a'"),
];
