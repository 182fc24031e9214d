//! Tests of the compiler: code shapes, error messages, robustness.

mod errors;
mod robustness;
mod shapes;
mod verify;

use super::disassemble::disassemble;
use super::{Compiled, SyntaxError, compile};
use crate::image::{Image, ImageBuilder};
use procession_environment::Dialect;

/// Compiles a text called `src`.
fn build(source: &[u8], dialect: Dialect) -> Result<(Image, Compiled), SyntaxError> {
    let mut builder = ImageBuilder::new(1, None);
    let compiled = compile(source, "=src", dialect, &mut builder)?;
    Ok((builder.finish().0, compiled))
}

/// The listing of all prototypes, without lines and headers.
fn listing(source: &str) -> String {
    let (image, _) = build(source.as_bytes(), Dialect::Plain).unwrap();
    let mut lines = Vec::new();
    for prototype in &image.prototypes {
        let text = disassemble(prototype, &image);
        for line in text.lines().filter(|line| line.contains('[')) {
            let (pc, operation) = line.split_once(']').unwrap();
            let pc = pc.split('[').next().unwrap().trim();
            lines.push(format!("{pc}{operation}"));
        }
        lines.push("--".into());
    }
    lines.pop();
    lines.join("\n")
}

#[test]
fn the_first_line_of_a_script_is_skipped_in_files_only() {
    let source = b"#!/usr/bin/lua\nx = = 1";
    let mut builder = ImageBuilder::new(1, None);
    let script = super::without_script_line(source);
    let file = compile(script, "@file.lua", Dialect::Plain, &mut builder).unwrap_err();
    assert_eq!(file.message, "file.lua:2: unexpected symbol near '='");
    assert_eq!(file.line, 2);
    let text = compile(source, "@text", Dialect::Plain, &mut builder).unwrap_err();
    assert_eq!(text.message, "text:1: unexpected symbol near '#'");
}

#[test]
fn chunks_are_named_as_in_messages() {
    let long = "x".repeat(100);
    let cases = [
        ("=name", "name".to_string()),
        ("@dir/file.lua", "dir/file.lua".into()),
        ("return 1", "[string \"return 1\"]".into()),
        ("a\nb", "[string \"a...\"]".into()),
        (&format!("={long}"), long[..59].into()),
        (&format!("@{long}"), format!("...{}", &long[..56])),
        (&long, format!("[string \"{}...\"]", &long[..45])),
    ];
    for (chunk, name) in cases {
        assert_eq!(super::chunk_name(chunk.as_bytes()), name);
    }
}

#[test]
fn chunks_share_an_image() {
    let mut builder = ImageBuilder::new(1, None);
    let first = compile(b"return 'a long constant'", "=a", Dialect::Plain, &mut builder).unwrap();
    let second = compile(b"_ENV = 'a long constant'", "=b", Dialect::Plain, &mut builder).unwrap();
    assert_eq!((first.main, first.env_is_boxed), (0, false));
    assert_eq!((second.main, second.env_is_boxed), (1, true));
    let image = builder.finish().0;
    assert_eq!(image.prototypes[0].constants, image.prototypes[1].constants);
    assert_eq!(image.files, ["a".into(), "b".into()]);
    assert_eq!(image.prototypes[1].file, 1);
}

#[test]
fn lines_are_those_of_puc() {
    let source = "local t = {}\nt\n.a\n.b\n(\n1\n,\nt.x\n+\n2\n)\nreturn t\n..\nt";
    let (image, _) = build(source.as_bytes(), Dialect::Plain).unwrap();
    let prototype = &image.prototypes[0];
    let listed: Vec<_> = prototype
        .code
        .iter()
        .zip(&prototype.lines)
        .map(|(instruction, line)| format!("{:?} {line}", instruction.op()))
        .collect();
    let expected = [
        "NewTable 1",
        "GetField 3",
        "GetField 4",
        "LoadK 6",
        "GetField 9",
        "AddK 9",
        "Call 2",
        "Move 12",
        "Move 14",
        "Concat 13",
        "Return1 14",
    ];
    assert_eq!(listed, expected);
}

#[test]
fn types_are_dropped() {
    let cases = [
        ("local a: number, b: {string} = 1, {}", "local a, b = 1, {}"),
        ("local a: Map<string, List<T>> = f()", "local a = f()"),
        ("local a: List<T>= f()", "local a = f()"),
        ("local a: T? <const> = f()", "local a <const> = f()"),
        ("local a <close>: T = f()", "local a <close> = f()"),
        (
            "function f<T>(a: T, ...: any): (T, string?) return a end",
            "function f(a, ...) return a end",
        ),
        ("local f = function(a: (x: number) -> boolean): nil end", "local f = function(a) end"),
        ("for k: string, v: m.V in p(t) do end", "for k, v in p(t) do end"),
        ("for i: integer = 1, 2 do end", "for i = 1, 2 do end"),
        ("type P<T> = { x: number, y?: T, [string]: any } | nil x = 1", "x = 1"),
        ("x = y :: number + 1 as integer", "x = y + 1"),
        ("x = a!.b!:c()!", "x = a.b:c()"),
        ("local a: | nil | \"x\" | 5 | true = 1", "local a = 1"),
        ("local a: A & B & { c: number }, b: (string | nil)[] = 1", "local a, b = 1"),
        ("local a: { [string]: {integer} }, b: {}, c: { A, B; } = 1", "local a, b, c = 1"),
        ("local a: (A, b: B?, ...C) -> (D, E?), b: () -> () = 1", "local a, b = 1"),
        ("local a: function(x: number): string, b: m.n.T<U[], V?>? = 1", "local a, b = 1"),
        ("local a: <T>(x: T, U[]) -> T, b: function<T: U>(T): T = 1", "local a, b = 1"),
        (
            "function m.f<T: U, V>(self: m, a: T?): T & V return a end",
            "function m.f(self, a) return a end",
        ),
        ("function m:f(a: number?, ...: string) end", "function m:f(a, ...) end"),
        ("local function f(): nil end", "local function f() end"),
        ("type F = (number) -> string type G<T> = T? local x = 1", "local x = 1"),
        (
            "x = (y :: T).z, f(a as B, c :: D), { e :: F, [g as H] = i! }",
            "x = (y).z, f(a, c), { e, [g] = i }",
        ),
        ("x = string(y) .. string(1)", "x = tostring(y) .. tostring(1)"),
        ("x = number(y) + number(z)!", "x = tonumber(y) + tonumber(z)"),
        ("x = integer(y)", "x = math.tointeger(y)"),
        ("x = boolean(y), boolean(y == 1), boolean(nil)", "x = not not y, not not (y == 1), false"),
        ("if boolean(y) then f(boolean(z)) end", "if not not y then f(not not z) end"),
        ("x = string.rep(y, 2) x = string", "x = string.rep(y, 2) x = string"),
        (
            "local string, integer = f, g x = string(y) + integer(y)",
            "local string, integer = f, g x = string(y) + integer(y)",
        ),
        (
            "function number(x) end function m.string(x) end x = m.string(y)",
            "function number(x) end function m.string(x) end x = m.string(y)",
        ),
        ("local type = 1 type = 2", "local type = 1 type = 2"),
        ("local x: -1 | 2 | -.5? = 1", "local x = 1"),
        ("x = y\n::as:: x = as", "x = y\n::as:: x = as"),
    ];
    for (typed, plain) in cases {
        let code = |source: &str, dialect| {
            let (image, _) = build(source.as_bytes(), dialect).unwrap();
            image.prototypes.into_iter().map(|prototype| prototype.code).collect::<Vec<_>>()
        };
        assert_eq!(code(typed, Dialect::Typed), code(plain, Dialect::Plain), "{typed}");
    }
}

#[test]
fn what_is_no_type_is_refused() {
    for source in [
        "local a: = 1",
        "local a: number<",
        "type X",
        "x = y :: ",
        "local f: (a: ) -> b",
        "local f: <T>(T) = 1",
        "local f: <T> = 1",
        "local a: - = 1",
        "local a: -x = 1",
    ] {
        assert!(build(source.as_bytes(), Dialect::Typed).is_err(), "{source}");
    }
    for source in ["x = boolean()", "boolean(x)", "x = boolean(y, z)", "string(x) = 1"] {
        assert!(build(source.as_bytes(), Dialect::Typed).is_err(), "{source}");
    }
    assert!(build(b"local a: number = 1", Dialect::Plain).is_err());
}
