//! Objects with metatables.

use super::{Dialect, Generator, Kind};

const EVENTS: &[&str] = &[
    "__add",
    "__sub",
    "__mul",
    "__div",
    "__mod",
    "__pow",
    "__unm",
    "__idiv",
    "__band",
    "__bor",
    "__bxor",
    "__shl",
    "__shr",
    "__bnot",
    "__concat",
    "__len",
    "__eq",
    "__lt",
    "__le",
    "__call",
    "__index",
    "__newindex",
    "__close",
    "__tostring",
    "__name",
    "__metatable",
    "__pairs",
];

const ARITHMETIC: &[&str] =
    &["__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__idiv"];

impl Generator {
    pub(super) fn object_expression(&mut self, depth: usize) -> String {
        match self.random.below(5) {
            0 if depth > 0 && self.has_room() => self.made_object(),
            1 => "setmetatable({}, { __index = C, __newindex = C })".to_owned(),
            2 => "setmetatable({ v = 1 }, { __index = D, __call = E, __name = 'My', __len = E })"
                .to_owned(),
            _ => format!("object({})", self.small()),
        }
    }

    /// An object with some random events.
    fn made_object(&mut self) -> String {
        let mut events = Vec::new();
        for _ in 0..=self.random.below(4) {
            let event = self.pick(EVENTS);
            let handler = match self.random.below(6) {
                // Arithmetic of strings is done by their metamethods in PUC Lua, so what it says about
                // a handler that is no function depends on the other operand.
                0 if !ARITHMETIC.contains(&event) => {
                    let kind = self.pick(&[Kind::Table, Kind::Object, Kind::Number, Kind::Text]);
                    self.expression(kind, 0)
                }
                1 => self.expression(Kind::Function, 0),
                _ => {
                    let yields =
                        self.yields && (self.dialect == Dialect::Everything || self.one_in(3));
                    format!("function{}", self.function(yields))
                }
            };
            if event == "__lt" {
                // Else `<=` asks for it, which only some builds of PUC Lua do.
                events.push(format!("__le = {handler}"));
            }
            events.push(format!("{event} = {handler}"));
        }
        format!("setmetatable({{ v = {} }}, {{\n{} }})", self.small(), events.join(",\n"))
    }

    /// An object and what is done with it.
    pub(super) fn object_statement(&mut self) -> String {
        let object = self.made_object();
        let name = self.declare("v", Kind::Object, false);
        let mut text = format!("local {name} = {object}");
        for _ in 0..=self.random.below(3) {
            let value = self.expression(Kind::Any, 0);
            let action = match self.random.below(12) {
                0 => format!("{name} + {value}"),
                1 => format!("{value} .. {name}"),
                2 => format!("{name} == {value}, {name} ~= {name}"),
                3 => format!("{name} < {value}"),
                4 => format!("{name}({value})"),
                5 => format!("{name}.x, {name}[{value}]"),
                6 => format!("-{name}, #{name}"),
                7 => format!("~{name} | {value}"),
                8 => format!("(tostring({name}):gsub(': 0x%x+', ''))"),
                9 => format!("getmetatable({name}), rawlen({name}), rawequal({name}, {value})"),
                10 => format!("{name} // {value} % {name}"),
                _ => format!("{value} >= {name}"),
            };
            text.push_str(&format!("\nprint(show(pcall(function() return {action} end)))"));
        }
        if self.one_in(3) {
            let value = self.expression(Kind::Any, 1);
            let key = self.key(0);
            text.push_str(&format!("\nprint(show(pcall(function() {name}{key} = {value} end)))"));
        }
        text
    }
}
