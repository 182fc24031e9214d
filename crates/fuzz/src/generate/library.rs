//! What programs do with the library beyond single calls: weak tables and finalizers, variables that
//! are closed while errors and coroutines are about, binary strings, dates, UTF-8, ranges of tables.

use super::{Dialect, Generator, Kind, quoted};

/// Bounds and steps: small ones, and those where integers end.
const BOUNDS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "5",
    "-1",
    "-3",
    "10",
    "1.0",
    "2.5",
    "'2'",
    "math.maxinteger",
    "math.mininteger",
    "math.maxinteger - 1",
    "math.mininteger + 1",
    "math.maxinteger // 2",
    "1e300",
    "-1e300",
    "1/0",
    "-1/0",
    "0/0",
    "2^53",
    "2^63",
    "-2^63",
    "1 << 47",
    "-(1 << 47)",
    "nil",
    "'x'",
    "{}",
];
/// Positions in a short list or text, and beyond.
const POSITIONS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "4",
    "-1",
    "-2",
    "-5",
    "5",
    "9",
    "2.0",
    "'3'",
    "1.5",
    "math.maxinteger",
    "math.mininteger",
    "math.maxinteger - 2",
    "nil",
];
/// Options of `string.pack`.
const OPTIONS: &[&str] = &[
    "b", "B", "h", "H", "i", "I", "l", "L", "j", "J", "T", "f", "d", "n", "s", "z", "x", "i1",
    "i3", "I5", "i7", "I8", "i9", "i16", "I16", "i17", "s1", "s2", "s4", "c0", "c3", "c10", "Xi4",
    "Xd", "X", "<", ">", "=", "!", "!2", "!4", "!8", "!3", " ", "q", "i0", "c",
];
const TEXTS: &[&str] = &[
    "'a\\u{e9}\\u{20ac}\\u{1F600}z'",
    "''",
    "'plain'",
    "'\\xff'",
    "'\\xe2\\x82'",
    "'\\u{D7FF}\\u{7FFFFFFF}'",
    "'\\xc0\\x80'",
    "'\\xed\\xa0\\x80'",
    "'\\xf4\\x90\\x80\\x80'",
    "('\\u{20ac}'):rep(9)",
];

impl Generator {
    pub(super) fn library_statement(&mut self) -> String {
        match self.random.below(16) {
            0 | 1 => self.weak_table(),
            2 => self.finalizers(),
            3..=5 => self.closers(),
            6 | 7 => self.packing(),
            8 => self.date(),
            9 => self.time(),
            10 | 11 => self.utf8_calls(),
            12 | 13 => self.ranges(),
            14 => self.continues(),
            _ => self.limited_loop(),
        }
    }

    /// Entries of a weak table that something refers to, or nothing, before and after a collection.
    fn weak_table(&mut self) -> String {
        let mode = self.pick(&["k", "v", "kv", "vk", "", "x", "k v"]);
        let (key, value) = (self.weak_part(), self.weak_part());
        let (kept, every) = (self.pick(&["k", "v", "w"]), self.pick(&["1", "2", "3", "9"]));
        let then = match self.random.below(4) {
            0 => "kept[2] = nil",
            1 => "w[1], w.x = {}, kept",
            2 => "setmetatable(w, nil)",
            _ => "w[kept] = w",
        };
        // What a finalizer was called with is gone from weak keys one collection later. The loop is in a function of its own: what its registers held is gone when it has returned.
        format!(
            "do\nlocal w, kept = setmetatable({{}}, {{ __mode = '{mode}' }}), {{}}\nlocal function fill(n)\nfor i = 1, n do\nlocal k = {key}\nlocal v = {value}\nw[k] = v\nif i % {every} == 0 then kept[i] = {kept} end\nend\nend\nlocal function count()\nlocal n, numbers = 0, 0\nfor k, v in next, w do n = n + 1 if type(k) == 'number' then numbers = numbers + 1 end end\nreturn n, numbers\nend\nlocal function collect() for _ = 1, 3 do collectgarbage() end end\nfill(6)\ncollect()\nprint(count())\n{then}\ncollect()\nprint(count())\nend"
        )
    }

    fn weak_part(&mut self) -> &'static str {
        self.pick(&[
            "{ i }",
            "{ i }",
            "i",
            "'text ' .. i",
            "{ {} }",
            "function() return i end",
            "i % 2 == 0",
            "i / 2",
            "kept",
            "w",
            "coroutine.create(print)",
            "setmetatable({}, { __gc = function() end })",
        ])
    }

    /// Objects whose finalizers note that they ran.
    fn finalizers(&mut self) -> String {
        let action = self.pick(&[
            "",
            "error(id)",
            "error({ id })",
            "kept[id] = o",
            "o.next = nil",
            "collectgarbage()",
            "setmetatable({}, { __gc = function() log[#log + 1] = 10 + id end })",
            "coroutine.wrap(function() coroutine.yield(id) end)()",
        ]);
        let drop = self.pick(&["", "kept[2] = nil", "kept = {}", "kept[1], kept[3] = nil, nil"]);
        // When a collection happens by itself is no part of the language: the order among several is not
        // compared, only which have run after a whole one.
        format!(
            "do\nlocal log, kept = {{}}, {{}}\nlocal function made(id)\nreturn setmetatable({{ id }}, {{ __gc = function(o) log[#log + 1] = id {action} end }})\nend\nlocal function make()\nfor id = 1, 4 do local o = made(id) if id % 2 == 1 then kept[id] = o end o.next = kept[1] end\nend\nmake()\nfor _ = 1, 3 do collectgarbage() end\n{drop}\nfor _ = 1, 3 do collectgarbage() end\ntable.sort(log)\nprint(table.concat(log, ' '))\nend"
        )
    }

    /// Nested variables to be closed, left in some way, in a coroutine or not.
    fn closers(&mut self) -> String {
        let modes = ["none", "error", "table", "caught", "nested", "resumes", "asks"];
        let mode = |generator: &mut Self| generator.pick(&modes);
        let (first, second, third) = (mode(self), mode(self), mode(self));
        let leaves = self.pick(&[
            "",
            "error('left', 0)",
            "error({ 'left' })",
            "do return 'returned', 2 end",
            "goto out",
            "error()",
            "return pcall(error, 'tail')",
            "local f <close> = nil",
            "local f <close> = 5",
            "coroutine.yield('inside')",
            "return table.unpack({ 1, 2, 3 })",
            "return select('#', ...), ...",
        ]);
        let leaves = if leaves.starts_with("return") {
            format!("do {leaves} end")
        } else {
            leaves.to_owned()
        };
        let runs = match self.random.below(5) {
            0 => "print(show(pcall(run, 1, nil)))".to_owned(),
            1 => "local co = coroutine.wrap(run)\nfor i = 1, 3 do print(show(pcall(co, i))) end".to_owned(),
            2 => "local co = coroutine.create(run)\nprint(show(coroutine.resume(co, 1)))\nprint(coroutine.status(co), show(pcall(coroutine.close, co)))\nprint(coroutine.status(co))".to_owned(),
            3 => "print(show(xpcall(run, function(m) return text(m, 1) .. '!' end, 3)))".to_owned(),
            _ => "local co = coroutine.create(function(...) local outer <close> = closer('outer', 'none') return pcall(run, ...) end)\nfor i = 1, 3 do print(show(coroutine.resume(co, i, nil))) end\nprint(show(coroutine.close(co)))".to_owned(),
        };
        format!(
            "do\nlocal function closer(name, mode)\nreturn setmetatable({{}}, {{ __close = function(o, e)\nprint('close', name, text(e, 1))\nif mode == 'error' then error('from ' .. name, 0)\nelseif mode == 'table' then error({{ name }})\nelseif mode == 'caught' then print(pcall(error, name))\nelseif mode == 'nested' then local inner <close> = setmetatable({{}}, {{ __close = function(_, e) print('inner', text(e, 1)) end }}) error('nested', 0)\nelseif mode == 'resumes' then print(show(coroutine.resume(coroutine.create(function() local y <close> = object(8) coroutine.yield(1) end))))\nelseif mode == 'asks' then print(coroutine.isyieldable() == (coroutine.isyieldable()))\nend\nend }})\nend\nlocal function run(...)\nlocal a <close> = closer('a', '{first}')\nfor i = 1, 2 do\nlocal b <close> = closer('b' .. i, '{second}')\nif i == 2 then\nlocal c <close> = closer('c', '{third}')\n{leaves}\nend\nend\n::out::\nprint('out')\nend\n{runs}\nend"
        )
    }

    fn packing(&mut self) -> String {
        let mut format = String::new();
        let count = 1 + self.random.below(4);
        for _ in 0..count {
            format.push_str(self.pick(OPTIONS));
        }
        let mut values = Vec::new();
        for _ in 0..count + self.random.below(2) {
            let kind =
                self.pick(&[Kind::Number, Kind::Number, Kind::Number, Kind::Text, Kind::Any]);
            values.push(match self.random.below(3) {
                0 => self.pick(BOUNDS).to_owned(),
                _ => self.expression(kind, 0),
            });
        }
        let format = quoted(format.as_bytes());
        let (position, text) = (self.pick(POSITIONS), self.text());
        let values = values.join(", ");
        format!(
            "print(show(pcall(string.packsize, {format})))\ndo\nlocal ok, packed = pcall(string.pack, {format}, {values})\nprint(ok, show(packed))\nif ok then print(show(pcall(string.unpack, {format}, packed))) print(show(pcall(string.unpack, {format}, packed, {position}))) end\nprint(show(pcall(string.unpack, {format}, {text}, {position})))\nend"
        )
    }

    fn date(&mut self) -> String {
        let mut format = String::from("!");
        for _ in 0..=self.random.below(3) {
            format.push('%');
            let letter = self.random.pick(b"aAbBcdDeFgGhHIjmMnprRStTuUVwWxXyYzZ%EOkq") as char;
            if self.one_in(6) {
                format.push(self.random.pick(b"EO") as char);
            }
            format.push(letter);
            format.push_str(self.pick(&["", " ", "-", "\0", "x"]));
        }
        let format = quoted(format.as_bytes());
        let when = self.pick(&[
            "0",
            "1",
            "-1",
            "86399",
            "951782400",
            "1709164800",
            "4102444799",
            "-2208988800",
            "1e9",
            "1.5",
            "253402300799",
            "'12'",
            "1 << 40",
            "-(1 << 40)",
            "math.maxinteger",
            "68719476736",
        ]);
        match self.random.below(3) {
            0 => format!("print(show(pcall(os.date, '!*t', {when})))"),
            _ => format!("print(show(pcall(os.date, {format}, {when})))"),
        }
    }

    fn time(&mut self) -> String {
        let field = |generator: &mut Self, usual: &[&str]| match generator.random.below(8) {
            0 => generator.pick(BOUNDS).to_owned(),
            1 => generator
                .pick(&["-1", "0", "100", "-400", "1e3", "' 7 '", "12.0", "1.5"])
                .to_owned(),
            _ => generator.pick(usual).to_owned(),
        };
        let (year, month, day) = (
            field(self, &["1970", "2000", "2024", "1999", "1900", "2100"]),
            field(self, &["1", "2", "12", "13", "0", "7"]),
            field(self, &["1", "29", "31", "32", "0", "-1"]),
        );
        let (hour, minute, second) = (
            field(self, &["0", "12", "23", "24", "-1"]),
            field(self, &["0", "59", "60"]),
            field(self, &["0", "59", "61", "3600"]),
        );
        let daylight = self.pick(&["", ", isdst = false", ", isdst = nil"]);
        format!(
            "do\nlocal t = {{ year = {year}, month = {month}, day = {day}, hour = {hour}, min = {minute}, sec = {second}{daylight} }}\nprint(show(pcall(os.time, t)))\nprint(show(t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst))\nend"
        )
    }

    fn utf8_calls(&mut self) -> String {
        let (i, j) = (self.pick(POSITIONS), self.pick(POSITIONS));
        let text = match self.random.below(4) {
            0 => self.text(),
            _ => self.pick(TEXTS).to_owned(),
        };
        let lax = self.pick(&["", ", true", ", false", ", nil"]);
        let call = match self.random.below(6) {
            0 => format!("utf8.len, {text}, {i}, {j}{lax}"),
            1 => format!("utf8.offset, {text}, {i}, {j}"),
            2 => format!("utf8.offset, {text}, {i}"),
            3 => format!("utf8.codepoint, {text}, {i}, {j}{lax}"),
            4 => format!("utf8.char, {i}, {j}, {}", self.pick(BOUNDS)),
            _ => {
                return format!(
                    "print(show(pcall(function() for p, c in utf8.codes({text}{lax}) do print(p, c) end end)))"
                );
            }
        };
        format!("print(show(pcall({call})))")
    }

    /// `table.move`, `concat` and `unpack` over parts of a list, within it and not.
    fn ranges(&mut self) -> String {
        let (i, j, k) = (self.pick(POSITIONS), self.pick(POSITIONS), self.pick(POSITIONS));
        let list = self.pick(&[
            "{ 1, 2, 3 }", "{ 'a', 'b', 'c', 'd' }", "{}", "{ 1, 'x', 2.5 }", "{ {}, 1 }",
            "setmetatable({}, { __index = function(_, i) tick() return i end, __len = function() return 3 end })",
            "setmetatable({ 1, 2 }, { __newindex = function(t, k, v) rawset(t, k, v) end })",
            "setmetatable({}, { __len = function() return math.maxinteger end })",
            "{ [math.maxinteger] = 'last', [math.mininteger] = 'first', [math.maxinteger - 1] = 'before' }",
        ]);
        // What is copied over itself in place may leave holes, so it is shown key by key.
        match self.random.below(5) {
            0 => format!("print(show(pcall(table.move, {list}, {i}, {j}, {k}, {{}})))"),
            1 => format!("print(show(pcall(table.move, {list}, {i}, {j}, {k})))"),
            2 => format!(
                "print(show(pcall(table.concat, {list}, {}, {i}, {j})))",
                self.pick(&["','", "''", "1", "nil", "{}"])
            ),
            3 => format!(
                "print(pcall(function() return clip(select('#', table.unpack({list}, {i}, {j}))) end))"
            ),
            _ => format!("print(show(pcall(table.unpack, {list}, {i}, {j})))"),
        }
    }

    /// Loops that go on with `goto`, with closures and variables that are closed each time around.
    fn continues(&mut self) -> String {
        let (condition, other) =
            (self.expression(Kind::Boolean, 1), self.expression(Kind::Boolean, 1));
        let (outer, inner) = (self.name("out"), self.name("next"));
        let closing = match (self.one_in(3), self.dialect) {
            (true, Dialect::Everything) => "local c <close> = object(i)\n",
            (true, Dialect::Portable) => "local c <close> = i > 1 and object(i) or nil\n",
            _ => "",
        };
        let head = self.pick(&[
            "for i = 1, 3 do",
            "for _, i in ipairs { 3, 1, 2 } do",
            "local i = 0\nwhile i < 3 do i = i + 1",
            "local i = 0\nrepeat i = i + 1",
        ]);
        let tail = if head.ends_with("repeat i = i + 1") { "until i >= 3" } else { "end" };
        format!(
            "do\nlocal made = {{}}\n{head}\ntick()\nlocal a, b = i * 2, i\ndo\n{closing}for j = 1, 3 do\nlocal x = i * 10 + j\nmade[#made + 1] = function() x = x + a a = a + 1 return x, a, b end\nif {condition} then goto {inner} end\nif j == 2 and {other} then goto {outer} end\nb = b + 1\n::{inner}::\nend\nend\n::{outer}::\n{tail}\nfor n = 1, #made do print(made[n]()) end\nend"
        )
    }

    /// A numeric loop with any bounds, as far as it goes.
    fn limited_loop(&mut self) -> String {
        let bound = |generator: &mut Self| match generator.random.below(4) {
            0 => generator.number(),
            _ => generator.pick(BOUNDS).to_owned(),
        };
        let (start, limit, step) = (bound(self), bound(self), bound(self));
        let step = if self.one_in(3) { String::new() } else { format!(", {step}") };
        format!(
            "print(pcall(function()\nlocal n, first, last = 0\nfor i = {start}, {limit}{step} do\nn = n + 1 first = first or i last = i\nif n >= 5 then break end\nend\nreturn n, math.type(first), first, last\nend))"
        )
    }
}
