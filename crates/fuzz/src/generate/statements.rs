//! Statements.

use super::{Generator, Kind};

impl Generator {
    pub(super) fn statement(&mut self) -> String {
        if !self.has_room() {
            return self.simple_statement();
        }
        match self.random.below(30) {
            0 | 1 => self.if_statement(),
            2 => self.numeric_loop(),
            3 => self.conditional_loop(),
            4 => self.generic_loop(),
            5 => self.backward_jump(),
            6 | 7 => self.local_function(),
            8 => self.recursion(),
            9 => self.closures(),
            10 | 11 => self.coroutine_statement(),
            12 => self.producer(),
            13 | 14 => self.protected(),
            15 => self.closing(),
            16 => self.sort(),
            17 => self.object_statement(),
            18 => format!("do\n{}end", self.block(3)),
            19..=22 => self.library_statement(),
            _ => self.simple_statement(),
        }
    }

    fn simple_statement(&mut self) -> String {
        match self.random.below(14) {
            0..=2 => self.local_statement(),
            3 | 4 => self.assignment(),
            5 => {
                let table = self.expression(Kind::Table, 0);
                let call = self.table_call(&table);
                format!("print(show({call}))")
            }
            6 => {
                let kind = self.pick(&[Kind::Table, Kind::Object, Kind::Any]);
                let target = self.variable(kind).unwrap_or_else(|| "C".to_owned());
                let key = self.key(1);
                let kind = self.kind();
                let value = self.expression(kind, 2);
                // Where a list with holes ends is no part of the language.
                let value = if key.starts_with('[') { format!("({value}) or 0") } else { value };
                format!("{target}{key} = clip({value})")
            }
            7 if self.yields => {
                format!("print('resumed', show(coroutine.yield({})))", self.expressions(2))
            }
            8 => format!("collectgarbage({})", self.pick(&["", "'step'", "'count'"])),
            9 => {
                let table = self.variable(Kind::Table).unwrap_or_else(|| "C".to_owned());
                let kind = self.kind();
                let value = self.expression(kind, 1);
                let place = self.small();
                match self.one_in(2) {
                    true => format!("table.insert({table}, ({value}) or 0)"),
                    false => format!("table.insert({table}, {place}, ({value}) or 0)"),
                }
            }
            10 => self.error_statement(),
            _ => format!("print(show({}))", self.expressions(3)),
        }
    }

    fn local_statement(&mut self) -> String {
        let kind = self.kind();
        let value = self.expression(kind, 3);
        if self.one_in(6) {
            let name = self.declare("k", kind, true);
            return format!("local {name} <const> = {value}");
        }
        if self.one_in(5) {
            let list = self.expressions(3);
            let names = [self.declare("v", Kind::Any, false), self.declare("v", Kind::Any, false)];
            if list.is_empty() {
                return format!("local {}", names.join(", "));
            }
            return format!("local {} = {list}", names.join(", "));
        }
        let name = self.declare("v", kind, false);
        format!("local {name} = {value}")
    }

    fn assignment(&mut self) -> String {
        let kind = self.kind();
        let Some(first) = self.assignable(kind) else { return self.local_statement() };
        let value = self.expression(kind, 3);
        if !self.one_in(3) {
            return format!("{first} = clip({value})");
        }
        let second = self.assignable(Kind::Any).unwrap_or_else(|| "A".to_owned());
        let key = self.key(1);
        match self.random.below(3) {
            0 => format!("{first}, {second} = {second}, clip({value})"),
            1 => format!("{first}, {second}{key} = clip({value}), {first}"),
            _ => format!("{first}, {second} = clip({})", self.expression(Kind::Any, 2)),
        }
    }

    /// An error: of `error`, `assert`, or an operator.
    fn error_statement(&mut self) -> String {
        let kind = self.pick(&[Kind::Text, Kind::Text, Kind::Any, Kind::Table, Kind::Object]);
        let value = self.expression(kind, 1);
        let level = self.pick(&["", ", 0", ", 1", ", 2", ", 3"]);
        let condition = self.expression(Kind::Boolean, 1);
        match self.random.below(4) {
            0 => format!("if {condition} then error({value}{level}) end"),
            1 => format!("print(show(pcall(error, {value}{level})))"),
            2 => format!("assert({condition}, {value})"),
            _ => {
                let operand = self.expression(Kind::Any, 1);
                format!("print(show(pcall(function() return {operand} + {value} end)))")
            }
        }
    }

    fn if_statement(&mut self) -> String {
        let condition = self.expression(Kind::Boolean, 2);
        let mut text = format!("if {condition} then\n{}", self.block(3));
        if self.one_in(3) {
            let condition = self.expression(Kind::Boolean, 2);
            text.push_str(&format!("elseif {condition} then\n{}", self.block(2)));
        }
        if self.one_in(2) {
            text.push_str(&format!("else\n{}", self.block(2)));
        }
        text + "end"
    }

    /// A block with variables that are closed at its end.
    fn closing(&mut self) -> String {
        let value = self.pick(&[
            "object(13)", "object(1)", "nil", "false", "object(2)", "5", "object(13)", "{}",
            "setmetatable({}, { __close = function(_, e) tick() print('closing', text(e, 1)) end })",
            "setmetatable({}, { __close = print })",
            "setmetatable({}, { __close = object(3) })",
        ]);
        let name = self.declare("k", Kind::Object, true);
        let second = match self.one_in(3) {
            true => format!("local {} <close> = object(14)\n", self.name("k")),
            false => String::new(),
        };
        let yielding = if self.yields && self.one_in(2) {
            "local closer <close> = setmetatable({}, { __close = function(_, e) tick() print('y', show(coroutine.yield('in close', e))) end })\n"
        } else {
            ""
        };
        let body = self.block(3);
        self.scope.pop();
        format!("do\nlocal {name} <close> = {value}\n{second}{yielding}{body}end")
    }

    fn sort(&mut self) -> String {
        let list = self.pick(&[
            "{ 3, 1, 2 }",
            "{ 5, 2, 8, 1, 9, 3, 7, 2, 5 }",
            "{ 'b', 'a', 'c', '', 'aa' }",
            "{ 1, 'x' }",
            "{ 2.5, 1, 3, -0.0, 1e300 }",
            "{}",
            "{ object(3), object(1), object(2) }",
            "{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }",
        ]);
        let comparator = match self.random.below(8) {
            0 => String::new(),
            1 => ", function(a, b) tick() return b < a end".to_owned(),
            2 => ", function(a, b) error('cmp') end".to_owned(),
            3 if self.yields && self.dialect == super::Dialect::Everything => {
                ", function(a, b) tick() coroutine.yield('cmp') return a < b end".to_owned()
            }
            4 => format!(", {}", self.expression(Kind::Function, 1)),
            5 => ", object(5)".to_owned(),
            _ => ", function(a, b) tick() return a < b end".to_owned(),
        };
        // A comparator that changes the list makes the order depend on the implementation.
        let name = self.declare("v", Kind::Table, false);
        format!(
            "local {name} = {list}\nprint(show(pcall(table.sort, {name}{comparator})))\nprint(show({name}))"
        )
    }
}
