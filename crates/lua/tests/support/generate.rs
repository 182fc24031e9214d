//! Random small Lua programs from a seed. Each consists of steps that run protected and print what
//! they return or raise. What they print depends on no address and no order of fields, so it can be
//! compared with another implementation too.

/// What every program starts with.
const PRELUDE: &str = r##"
local function text(v)
  local kind = type(v)
  if kind == "string" then return (string.format("%q", v):gsub("0x%x%x%x%x+", "0x")) end
  if v ~= v then return "nan" end
  if kind == "number" or kind == "nil" or kind == "boolean" then return tostring(v) end
  return kind
end
local function show(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = text((select(i, ...))) end
  return table.concat(parts, " ")
end
local function clip(v)
  if type(v) == "string" and #v > 100 then return v:sub(1, 100) end
  return v
end
local object
local meta = {
  __add = function(a, b) return object(7) end, __sub = function(a, b) return b end,
  __mul = function(a, b) return 3, 4 end, __div = function() end, __mod = function(a) return a.v end,
  __unm = function(a) return -a.v end, __concat = function(a, b) return "cat" .. type(a) .. type(b) end,
  __len = function(a) return a.v end, __eq = function(a, b) return a.v == b.v end,
  __lt = function(a, b) return type(a) == type(b) and a.v < b.v end,
  __le = function(a, b) return type(a) == type(b) and a.v <= b.v end,
  __call = function(self, ...) return select("#", ...), ... end,
  __index = function(self, k) if k == "bad" then error("no " .. k) end return k end,
  __newindex = function(self, k, v) if k == "bad" then error("no " .. k, 2) end rawset(self, k, v) end,
  __close = function(self, e) print("close", self.v, text(e)) if self.v == 13 then error("in close", 0) end end,
  __band = function(a, b) return a end, __shl = function(a, b) return b end, __idiv = 5,
}
object = function(v) return setmetatable({ v = v }, meta) end
local function step(n, f, g) print(n, show(pcall(function() return f(g()) end))) end
local A, B, C, D, E = 1, "two", { 3, 2, 1, x = 5 }, object(4), function(...) return ... end
"##;

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "10",
    "255",
    "1.5",
    "-0.0",
    "0.1",
    "1e15",
    "1e100",
    "2^53",
    "1/0",
    "-1/0",
    "0/0",
    "math.maxinteger",
    "math.mininteger",
    "0x7fffffff",
    "1 << 47",
    "-(1 << 47)",
    "(1 << 47) - 1",
    "3.0",
    "1e308 * 10",
];
const STRINGS: &[&str] = &[
    "''",
    "'a'",
    "'abc'",
    "'10'",
    "'0x1F'",
    "' 5 '",
    "'1e2'",
    "'hello world'",
    "'a,b,,c'",
    "'x=1, y=2'",
    "'\\0z'",
    "'longer than a word is'",
    "'(foo(bar))'",
    "'%d'",
    "('ab'):rep(5)",
    "('xyz'):rep(20, '-')",
];
const PATTERNS: &[&str] = &[
    "'.'",
    "'%a+'",
    "'(%a)(%w*)'",
    "'^%s*'",
    "'a*'",
    "'[^,]*'",
    "'%b()'",
    "'(.-)='",
    "'()'",
    "'%f[%w]%w+'",
    "'b?$'",
    "'[a-c]-$'",
    "'%d+%.?%d*'",
    "'(a)%1'",
    "'['",
    "'%'",
    "'(()'",
    "'.-b'",
    "'x*y-'",
];
const BINARY: &[&str] = &[
    "+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or", "&",
    "|", "~", "<<", ">>",
];

/// Which programs may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// What PUC Lua can run too: nothing yields out of built-in functions.
    Portable,
    /// Comparators, callbacks and the like may yield.
    Everything,
}

/// The program of a seed.
pub(crate) fn program(seed: u64, dialect: Dialect) -> String {
    let mut generator = Generator {
        state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
        dialect,
        names: Vec::new(),
        depth: 0,
        loops: 0,
        fresh: 0,
        varargs: false,
        yields: false,
        labels: 0,
    };
    let mut source = PRELUDE.to_owned();
    for number in 1..=generator.below(6) + 3 {
        generator.names.clear();
        generator.varargs = false;
        let arguments = generator.expressions(3);
        generator.varargs = true;
        let body = generator.block(4);
        source.push_str(&format!(
            "step({number}, function(...)\n{body}end, function() return {arguments} end)\n"
        ));
    }
    source.push_str("print(show(A, B, C, D, E))\n");
    source
}

struct Generator {
    state: u64,
    dialect: Dialect,
    /// Local variables in scope; those that start with `k` may not be assigned.
    names: Vec<String>,
    depth: usize,
    loops: usize,
    fresh: usize,
    /// Whether `...` may be used here.
    varargs: bool,
    /// Whether this is inside a coroutine.
    yields: bool,
    labels: usize,
}

impl Generator {
    fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn name(&mut self, prefix: &str) -> String {
        self.fresh += 1;
        format!("{prefix}{}", self.fresh)
    }

    fn variable(&mut self) -> String {
        if !self.names.is_empty() && !self.one_in(3) {
            let at = self.below(self.names.len());
            return self.names[at].clone();
        }
        self.pick(&["A", "B", "C", "D", "E"]).to_owned()
    }

    fn assignable(&mut self) -> String {
        loop {
            let name = self.variable();
            if !name.starts_with('k') {
                return name;
            }
        }
    }

    fn block(&mut self, statements: usize) -> String {
        let (kept, mut text) = (self.names.len(), String::new());
        self.depth += 1;
        for _ in 0..=self.below(statements) {
            let statement = self.statement();
            text.push_str(&statement);
            text.push('\n');
        }
        if self.one_in(3) {
            text.push_str(&format!("return {}\n", self.expressions(3)));
        }
        self.depth -= 1;
        self.names.truncate(kept);
        text
    }

    fn statement(&mut self) -> String {
        if self.depth > 4 {
            return self.simple_statement();
        }
        match self.below(20) {
            0 | 1 => self.if_statement(),
            2 => self.numeric_loop(),
            3 => self.other_loop(),
            4 => self.generic_loop(),
            5 | 6 => self.local_function(),
            7 => self.coroutine_statement(),
            8 => self.protected(),
            9 => self.closing(),
            10 => self.sort(),
            11 => format!("do\n{}end", self.block(3)),
            _ => self.simple_statement(),
        }
    }

    fn simple_statement(&mut self) -> String {
        match self.below(9) {
            0 | 1 => {
                let value = self.expression(3);
                let name = self.name("v");
                self.names.push(name.clone());
                let attribute = if self.one_in(6) { " <const>" } else { "" };
                let name = if attribute.is_empty() {
                    name
                } else {
                    let constant = name.replace('v', "k");
                    self.names.pop();
                    self.names.push(constant.clone());
                    constant
                };
                format!("local {name}{attribute} = {value}")
            }
            2 | 3 => format!("{} = clip({})", self.assignable(), self.expression(3)),
            4 => {
                let (first, second) = (self.assignable(), self.assignable());
                format!(
                    "{first}, {second} = {}",
                    self.expressions(3)
                        .trim_start_matches("...")
                        .trim_start_matches(", ")
                        .to_owned()
                        + ", nil"
                )
                .replace("= ,", "= nil,")
            }
            5 => {
                let target = self.variable();
                let key = self.pick(&[".x", ".y", ".bad", "[1]", "[2]", "[#C + 1]"]);
                format!("{target}{key} = clip({})", self.expression(2))
            }
            6 if self.yields => {
                format!("print('resumed', show(coroutine.yield({})))", self.expressions(2))
            }
            7 => format!("collectgarbage({})", self.pick(&["", "'step'", "'count'"])),
            _ => format!("print(show({}))", self.expressions(3)),
        }
    }

    fn if_statement(&mut self) -> String {
        let mut text = format!("if {} then\n{}", self.expression(2), self.block(3));
        if self.one_in(3) {
            text.push_str(&format!("elseif {} then\n{}", self.expression(2), self.block(2)));
        }
        if self.one_in(2) {
            text.push_str(&format!("else\n{}", self.block(2)));
        }
        text + "end"
    }

    fn loop_body(&mut self) -> String {
        self.loops += 1;
        self.labels += 1;
        let label = format!("next{}", self.labels);
        let body = if self.loops > 3 { String::new() } else { self.block(3) };
        self.loops -= 1;
        let jump = match self.below(5) {
            0 => format!("if {} then goto {label} end\n", self.expression(1)),
            1 => format!("if {} then break end\n", self.expression(1)),
            _ => String::new(),
        };
        format!("{jump}do\n{body}end\n::{label}::\n")
    }

    fn numeric_loop(&mut self) -> String {
        let range = self.pick(&[
            "1, 3",
            "3, 1, -1",
            "1, 0",
            "1.0, 2",
            "0.5, 2, 0.5",
            "'1', 2",
            "math.maxinteger - 1, math.maxinteger",
            "1, 3, 0",
            "A, 3",
        ]);
        let name = self.name("k");
        self.names.push(name.clone());
        let body = self.loop_body();
        self.names.pop();
        if range.starts_with('A') {
            return format!(
                "if A and A ~= A or type(A) ~= 'number' or A > 0 then\nfor {name} = {range} do\n{body}end\nend"
            );
        }
        format!("for {name} = {range} do\n{body}end")
    }

    fn other_loop(&mut self) -> String {
        let counter = self.name("k");
        let condition = self.expression(1);
        let body = self.loop_body();
        if self.one_in(2) {
            format!(
                "local {counter} = 0 while {counter} < 3 and {condition} do {counter} = {counter} + 1\n{body}end"
            )
        } else {
            format!(
                "local {counter} = 0 repeat {counter} = {counter} + 1\ndo\n{}end\nuntil {counter} >= 3 or {condition}",
                self.block(2)
            )
        }
    }

    fn generic_loop(&mut self) -> String {
        let (first, second) = (self.name("k"), self.name("k"));
        let iterator = match self.below(5) {
            0 => format!("ipairs({})", self.pick(&["C", "{ 1, 2 }", "{ 'a', nil, 'c' }", "A"])),
            1 => format!("string.gmatch({}, {})", self.pick(STRINGS), self.pick(PATTERNS)),
            2 => "next, { 'only' }".to_owned(),
            3 => {
                let varargs = std::mem::take(&mut self.varargs);
                let value = self.expression(1);
                self.varargs = varargs;
                format!(
                    "coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i, {value}) end end)"
                )
            }
            _ => self.expression(1),
        };
        let iterator =
            if iterator == "D" || iterator == "E" { "pairs({ 1 })".to_owned() } else { iterator };
        self.names.extend([first.clone(), second.clone()]);
        let body = self.loop_body();
        self.names.truncate(self.names.len() - 2);
        let counter = self.name("k");
        format!(
            "local {counter} = 0 for {first}, {second} in {iterator} do {counter} = {counter} + 1 if {counter} > 5 then break end\n{body}end"
        )
    }

    /// A function's parameters and body.
    fn function(&mut self, yields: bool) -> String {
        let kept = (std::mem::take(&mut self.loops), self.varargs, self.yields, self.names.len());
        let parameters: Vec<String> = (0..self.below(3)).map(|_| self.name("v")).collect();
        self.names.extend(parameters.iter().cloned());
        self.varargs = self.one_in(3);
        self.yields = yields;
        let body = self.block(3);
        let mut list = parameters;
        if self.varargs {
            list.push("...".to_owned());
        }
        self.names.truncate(kept.3);
        (self.loops, self.varargs, self.yields) = (kept.0, kept.1, kept.2);
        format!("({})\n{body}end", list.join(", "))
    }

    fn local_function(&mut self) -> String {
        let yields = self.yields;
        let function = self.function(yields);
        let name = self.name("f");
        self.names.push(name.clone());
        format!("local function {name}{function}")
    }

    fn coroutine_statement(&mut self) -> String {
        let function = self.function(true);
        let name = self.name("k");
        let (first, second) = (self.expressions(2), self.expressions(2));
        let comma = |list: &str| if list.is_empty() { String::new() } else { format!(", {list}") };
        let (first, second) = (comma(&first), comma(&second));
        if self.one_in(2) {
            format!(
                "local {name} = coroutine.wrap(function{function}) print(show(pcall({name}{first}))) print(show(pcall({name}{second})))"
            )
        } else {
            let close = if self.one_in(2) {
                format!(" print(show(coroutine.close({name})))")
            } else {
                String::new()
            };
            format!(
                "local {name} = coroutine.create(function{function}) print(show(coroutine.resume({name}{first}))) print(coroutine.status({name})) print(show(coroutine.resume({name}{second}))){close} print(coroutine.status({name}))"
            )
        }
    }

    fn protected(&mut self) -> String {
        let yields = self.yields;
        let function = self.function(yields);
        if self.one_in(3) {
            return format!(
                "print(show(xpcall(function{function}, function(m) {} return m end)))",
                self.simple_handler()
            );
        }
        format!("print(show(pcall(function{function})))")
    }

    fn simple_handler(&mut self) -> &'static str {
        self.pick(&["", "print('handler', text(m))", "m = 'handled'"])
    }

    fn closing(&mut self) -> String {
        let name = self.name("k");
        let value = self.pick(&["object(13)", "object(1)", "nil", "false", "object(2)", "5"]);
        let body = self.block(3);
        format!("do local {name} <close> = {value}\n{body}end")
    }

    fn sort(&mut self) -> String {
        let list = self.pick(&[
            "{ 3, 1, 2 }",
            "{ 5, 2, 8, 1, 9, 3, 7, 2, 5 }",
            "{ 'b', 'a', 'c' }",
            "{ 1, 'x' }",
            "{ 2.5, 1, 3 }",
            "{}",
            "{ object(3), object(1), object(2) }",
            "{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }",
        ]);
        let mut comparators = vec![
            "",
            ", function(a, b) return a < b end",
            ", function(a, b) return b < a end",
            ", function() return true end",
            ", function(a, b) error('cmp') end",
            ", function(a, b) return a end",
            ", A",
        ];
        if self.dialect == Dialect::Everything && self.yields {
            comparators.push(", function(a, b) coroutine.yield('cmp') return a < b end");
        }
        let comparator = self.pick(&comparators);
        let name = self.name("k");
        format!(
            "local {name} = {list} print(show(pcall(table.sort, {name}{comparator}))) print(show(table.unpack({name})))"
        )
    }

    fn expressions(&mut self, most: usize) -> String {
        let count = self.below(most + 1);
        let list: Vec<String> = (0..count).map(|_| self.expression(2)).collect();
        list.join(", ")
    }

    fn expression(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.atom();
        }
        match self.below(16) {
            0..=4 => self.atom(),
            5..=7 => {
                let (left, operator, right) =
                    (self.expression(depth - 1), self.pick(BINARY), self.expression(depth - 1));
                format!("({left} {operator} {right})")
            }
            8 => format!("({} {})", self.pick(&["-", "not", "#", "~"]), self.expression(depth - 1)),
            9 => format!(
                "({}){}",
                self.variable(),
                self.pick(&[".x", ".bad", "[1]", "[2]", "['y']", ".v"])
            ),
            10 => format!("({})({})", self.variable(), self.expressions(2)),
            11 | 12 => self.string_call(),
            13 => self.table(depth),
            14 => self.library_call(),
            _ if self.depth < 5 && depth > 1 => format!("function{}", self.function(false)),
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> String {
        match self.below(9) {
            0 | 1 => self.pick(NUMBERS).to_owned(),
            2 | 3 => format!("({})", self.pick(STRINGS)),
            4 => self.pick(&["nil", "true", "false"]).to_owned(),
            5 if self.varargs => "(...)".to_owned(),
            _ => self.variable(),
        }
    }

    fn table(&mut self, depth: usize) -> String {
        let mut fields = Vec::new();
        for _ in 0..self.below(4) {
            let value = self.expression(depth - 1);
            fields.push(match self.below(4) {
                0 => format!("x = {value}"),
                1 => format!("[{}] = {value}", self.pick(&["1", "'y'", "2.0", "true", "-1"])),
                _ => value,
            });
        }
        if self.varargs && self.one_in(3) {
            fields.push("...".to_owned());
        }
        format!("{{ {} }}", fields.join(", "))
    }

    fn string_call(&mut self) -> String {
        let (text, pattern) = (self.pick(STRINGS), self.pick(PATTERNS));
        match self.below(9) {
            0 => format!("string.find({text}, {pattern})"),
            1 => {
                format!("string.match({text}, {pattern}, {})", self.pick(&["1", "2", "-2", "100"]))
            }
            2 => format!(
                "string.gsub({text}, {pattern}, {})",
                self.pick(&["'-'", "'<%0>'", "'%1%1'", "'%2'", "{ a = 'A', b = false }"])
            ),
            3 => {
                let mut callbacks = vec![
                    "function(c) return c:upper() end",
                    "function() end",
                    "function() error('cb') end",
                    "function() return {} end",
                    "function(c) return #c end",
                ];
                if self.dialect == Dialect::Everything && self.yields {
                    callbacks.push("function(c) coroutine.yield(c) return 'y' end");
                }
                format!("string.gsub({text}, {pattern}, {})", self.pick(&callbacks))
            }
            4 => format!(
                "({text}):sub({}, {})",
                self.pick(&["1", "-3", "2", "0"]),
                self.pick(&["-1", "2", "-2", "100"])
            ),
            5 => format!(
                "string.format({}, {})",
                self.pick(&[
                    "'%d'", "'%5.2f'", "'%s'", "'%q'", "'%x'", "'%-5s|'", "'%g'", "'%i %s'"
                ]),
                self.expression(1)
            ),
            6 => format!("({text}):byte({})", self.pick(&["1", "1, -1", "-1"])),
            7 => format!("tostring(tonumber({}))", self.expression(1)),
            _ => format!("({text}):{}()", self.pick(&["upper", "len", "reverse", "lower"])),
        }
    }

    fn library_call(&mut self) -> String {
        let value = self.expression(1);
        match self.below(14) {
            0 => format!("select('#', {value}, nil)"),
            1 => format!("math.floor({value})"),
            2 => format!("math.max({value}, 1)"),
            3 => format!("type({value})"),
            4 => format!("table.concat({{ {value}, 1, 'z' }}, ',')"),
            5 => format!("table.unpack({{ {value}, 2 }})"),
            6 => format!("table.pack({value}, nil).n"),
            7 => format!("rawequal({value}, {})", self.expression(1)),
            8 => format!("math.type({value})"),
            9 => format!("table.remove({{ 1, {value}, 3 }}, {})", self.pick(&["1", "2", "4", "5"])),
            10 => format!("pcall(error, {value})"),
            11 => format!(
                "load('return ' .. {})",
                self.pick(&["'1 + 1'", "'...'", "'A.x.y'", "'+'", "'function() end'"])
            ),
            12 => format!("math.tointeger({value})"),
            _ => format!("pcall(E, {value})"),
        }
    }
}
