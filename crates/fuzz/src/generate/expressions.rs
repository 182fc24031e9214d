//! Expressions of the kinds that statements ask for.

use super::{Dialect, Generator, Kind};

const ARITHMETIC: &[&str] =
    &["+", "-", "*", "/", "//", "%", "^", "&", "|", "~", "<<", ">>", "+", "-", "*", "//", "%"];
const COMPARISONS: &[&str] = &["==", "~=", "<", "<=", ">", ">="];

impl Generator {
    /// Up to `most` expressions, comma between them.
    pub(super) fn expressions(&mut self, most: usize) -> String {
        let count = self.random.below(most + 1);
        let mut list = Vec::new();
        for _ in 0..count {
            let kind = self.kind();
            list.push(self.expression(kind, 2));
        }
        if self.varargs && self.one_in(5) {
            list.push("...".to_owned());
        }
        list.join(", ")
    }

    /// An expression that may stand anywhere, also before `.`, `(` and operators.
    pub(super) fn expression(&mut self, kind: Kind, depth: usize) -> String {
        let kind = if self.one_in(14) { self.kind() } else { kind };
        if depth > 0 && self.one_in(10) {
            return self.chosen(kind, depth - 1);
        }
        if self.one_in(3)
            && let Some(name) = self.variable(kind)
        {
            return name;
        }
        match kind {
            Kind::Number => self.number_expression(depth),
            Kind::Text => self.text_expression(depth),
            Kind::Table => self.table_expression(depth),
            Kind::Function => self.function_expression(depth),
            Kind::Boolean => self.boolean_expression(depth),
            Kind::Object => self.object_expression(depth),
            Kind::Any => self.any_expression(depth),
        }
    }

    /// `and` and `or`.
    fn chosen(&mut self, kind: Kind, depth: usize) -> String {
        let (left, right) = (self.expression(kind, depth), self.expression(kind, depth));
        match self.random.below(3) {
            0 => {
                let condition = self.expression(Kind::Boolean, depth);
                format!("({condition} and {left} or {right})")
            }
            1 => format!("({left} or {right})"),
            _ => format!("({left} and {right})"),
        }
    }

    fn number_expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.number();
        }
        match self.random.below(10) {
            0..=4 => {
                let left = self.expression(Kind::Number, depth - 1);
                let right = self.expression(Kind::Number, depth - 1);
                format!("({left} {} {right})", self.pick(ARITHMETIC))
            }
            5 => {
                let operator = self.pick(&["-", "~", "- -", "-"]);
                format!("({operator} {})", self.expression(Kind::Number, depth - 1))
            }
            6 => {
                let kind = self.pick(&[Kind::Text, Kind::Table]);
                format!("(#{})", self.expression(kind, depth - 1))
            }
            7 | 8 => self.number_call(depth - 1),
            _ => self.number(),
        }
    }

    fn text_expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return format!("({})", self.text());
        }
        match self.random.below(8) {
            0 | 1 => {
                let kind = self.pick(&[Kind::Text, Kind::Text, Kind::Number]);
                let left = self.expression(kind, depth - 1);
                format!("({left} .. {})", self.expression(Kind::Text, depth - 1))
            }
            2 => format!("tostring({})", self.expression(Kind::Number, depth - 1)),
            3 => format!("type({})", self.expression(Kind::Any, depth - 1)),
            4..=6 => self.text_call(depth - 1),
            _ => format!("({})", self.text()),
        }
    }

    fn boolean_expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["true", "false", "nil"]).to_owned();
        }
        match self.random.below(8) {
            0..=3 => {
                let kind = self.pick(&[Kind::Number, Kind::Number, Kind::Text, Kind::Object]);
                let left = self.expression(kind, depth - 1);
                let right = self.expression(kind, depth - 1);
                format!("({left} {} {right})", self.pick(COMPARISONS))
            }
            4 => format!("(not {})", self.expression(Kind::Any, depth - 1)),
            5 => {
                let left = self.expression(Kind::Any, depth - 1);
                format!("rawequal({left}, {})", self.expression(Kind::Any, depth - 1))
            }
            6 => {
                let left = self.expression(Kind::Number, depth - 1);
                format!("math.ult({left}, {})", self.number())
            }
            _ => self.pick(&["true", "false"]).to_owned(),
        }
    }

    pub(super) fn table_expression(&mut self, depth: usize) -> String {
        if depth > 0 && self.one_in(6) {
            return format!("table.pack({})", self.expressions(3));
        }
        let mut fields = Vec::new();
        for _ in 0..self.random.below(5) {
            let kind = self.kind();
            let value = self.expression(kind, depth.saturating_sub(1));
            fields.push(match self.random.below(7) {
                0 => format!("x = {value}"),
                1 => format!("[{}] = {value}", self.pick(&["'y'", "true", "-1", "2.5", "'__x'"])),
                2 => format!("n = {value}"),
                // An empty place would make the length depend on the implementation.
                _ if value == "nil" => "0".to_owned(),
                _ => format!("({value}) or 0"),
            });
        }
        if self.varargs && self.one_in(3) {
            fields.push("...".to_owned());
        }
        format!("({{ {} }})", fields.join(self.pick(&[", ", "; "])))
    }

    fn function_expression(&mut self, depth: usize) -> String {
        if depth > 0 && self.has_room() && !self.one_in(3) {
            let yields = self.yields && (self.dialect == Dialect::Everything || self.one_in(6));
            return format!("(function{})", self.function(yields));
        }
        self.pick(&[
            "string.upper",
            "math.abs",
            "select",
            "type",
            "tostring",
            "rawequal",
            "next",
            "pcall",
            "error",
            "table.unpack",
            "string.len",
            "setmetatable",
            "rawget",
            "math.max",
            "assert",
            "coroutine.wrap",
            "coroutine.isyieldable",
            "load",
            "ipairs",
            "string.format",
            "rawlen",
            "tonumber",
            "getmetatable",
            "table.concat",
            "string.rep",
            "select",
            "print",
            "coroutine.running",
            "coroutine.status",
            "math.type",
            "string.byte",
            "table.pack",
        ])
        .to_owned()
    }

    fn any_expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return match self.random.below(4) {
                0 if self.varargs => "(...)".to_owned(),
                1 => self.number(),
                2 => format!("({})", self.text()),
                _ => "nil".to_owned(),
            };
        }
        match self.random.below(9) {
            0 | 1 => self.call(depth - 1),
            2 => {
                let kind = self.pick(&[Kind::Table, Kind::Object, Kind::Any]);
                let table = self.expression(kind, depth - 1);
                let key = self.key(depth - 1);
                format!("({table}){key}")
            }
            3 => {
                let table = self.expression(Kind::Table, depth - 1);
                self.table_call(&table)
            }
            4 => {
                let kind = self.kind();
                format!("pcall({}, {})", self.function_expression(depth), self.expression(kind, 0))
            }
            5 if self.varargs => format!("select({}, ...)", self.small()),
            6 => self.chunk(),
            _ => {
                let kind = self.kind();
                if kind == Kind::Any { "nil".to_owned() } else { self.expression(kind, depth - 1) }
            }
        }
    }

    /// An index, with its dot or brackets.
    pub(super) fn key(&mut self, depth: usize) -> String {
        match self.random.below(8) {
            0 => format!("[{}]", self.expression(Kind::Any, depth)),
            1 => format!("[{}]", self.number()),
            _ => self.pick(&[".x", ".bad", "[1]", "[2]", "['y']", ".v", ".n", "[2.0]"]).to_owned(),
        }
    }

    /// A call of some function with some arguments.
    pub(super) fn call(&mut self, depth: usize) -> String {
        match self.random.below(6) {
            0 => {
                let object = self.expression(Kind::Object, depth);
                let name = self.pick(&["x", "v", "bad", "method"]);
                format!("({object}):{name}({})", self.expressions(2))
            }
            1 => {
                let text = self.expression(Kind::Text, depth);
                let name = self.pick(&["len", "upper", "byte", "nothing", "rep"]);
                format!("({text}):{name}({})", self.small())
            }
            2 => format!("({})({})", self.expression(Kind::Object, depth), self.expressions(2)),
            _ => format!("({})({})", self.expression(Kind::Function, depth), self.expressions(2)),
        }
    }

    /// A call of the table library.
    pub(super) fn table_call(&mut self, table: &str) -> String {
        let (i, j, k) = (self.small(), self.small(), self.small());
        match self.random.below(9) {
            0 => format!("table.remove({table})"),
            1 => format!("table.remove({table}, {i})"),
            2 => format!("table.unpack({table}, {i}, {j})"),
            3 => format!("table.unpack({table})"),
            4 => format!("table.concat({table}, ',', {i}, {j})"),
            5 => format!("table.move({table}, {i}, {j}, {k}, {{}})"),
            6 => format!("rawget({table}, {i})"),
            7 => format!("rawlen({table})"),
            _ => format!("next({{ {i} }})"),
        }
    }
}
