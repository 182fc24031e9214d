//! Random Lua programs from a seed. Each consists of steps that run protected and print what they
//! return or raise. Programs end: every function and loop counts against a budget. What they print
//! depends on no address and no order of fields, so it can be compared with another implementation.

mod coroutines;
mod expressions;
mod functions;
mod library;
mod literals;
mod loops;
mod objects;
mod statements;
mod strings;

pub(crate) use literals::quoted;
pub(crate) use strings::{format_string, pattern, subject};

use crate::random::Random;

/// What every program starts with: helpers that print, and a few variables.
const PRELUDE: &str = include_str!("prelude.lua");

/// Statements of one step, about.
const STATEMENTS_MAX: usize = 30;
/// Deepest nesting of blocks.
const DEPTH_MAX: usize = 5;

/// Which programs may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// What PUC Lua can run too: nothing yields out of built-in functions.
    Portable,
    /// Comparators, callbacks and the like may yield.
    Everything,
}

/// What a variable or an expression is meant to hold; now and then it holds something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Table,
    Function,
    Boolean,
    Object,
    Any,
}

const KINDS: &[Kind] = &[
    Kind::Number,
    Kind::Number,
    Kind::Text,
    Kind::Text,
    Kind::Table,
    Kind::Function,
    Kind::Boolean,
    Kind::Object,
    Kind::Any,
];

/// A local variable in scope.
#[derive(Debug, Clone)]
struct Variable {
    name: String,
    kind: Kind,
    is_constant: bool,
}

/// The variables of the prelude.
const GLOBALS: [(&str, Kind); 5] = [
    ("A", Kind::Number),
    ("B", Kind::Text),
    ("C", Kind::Table),
    ("D", Kind::Object),
    ("E", Kind::Function),
];

/// The program of a seed.
#[must_use]
pub fn program(seed: u64, dialect: Dialect) -> String {
    let mut generator = Generator::new(seed, dialect);
    let mut source = PRELUDE.to_owned();
    for number in 1..=generator.random.below(6) + 3 {
        generator.scope.clear();
        generator.left = STATEMENTS_MAX;
        generator.varargs = false;
        let arguments = generator.expressions(3);
        generator.varargs = true;
        let body = generator.block(5);
        source.push_str(&format!(
            "step({number}, function(...)\n{body}end, function() return {arguments} end)\n"
        ));
    }
    source.push_str("print(show(A, B, C, D, E))\n");
    source
}

/// The state of a program that is being written.
#[derive(Debug)]
struct Generator {
    random: Random,
    dialect: Dialect,
    scope: Vec<Variable>,
    depth: usize,
    loops: usize,
    fresh: usize,
    /// Statements that may still be written.
    left: usize,
    /// Whether `...` may be used here.
    varargs: bool,
    /// Whether this is inside a coroutine.
    yields: bool,
}

impl Generator {
    fn new(seed: u64, dialect: Dialect) -> Self {
        Self {
            random: Random::new(seed),
            dialect,
            scope: Vec::new(),
            depth: 0,
            loops: 0,
            fresh: 0,
            left: STATEMENTS_MAX,
            varargs: false,
            yields: false,
        }
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.random.one_in(n)
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        self.random.pick(list)
    }

    fn kind(&mut self) -> Kind {
        self.pick(KINDS)
    }

    fn name(&mut self, prefix: &str) -> String {
        self.fresh += 1;
        format!("{prefix}{}", self.fresh)
    }

    /// A new variable in scope from here on.
    fn declare(&mut self, prefix: &str, kind: Kind, is_constant: bool) -> String {
        let name = self.name(prefix);
        self.scope.push(Variable { name: name.clone(), kind, is_constant });
        name
    }

    /// A variable of this kind, if there is one.
    fn variable(&mut self, kind: Kind) -> Option<String> {
        self.variable_where(|variable| kind == Kind::Any || variable.kind == kind)
    }

    /// Likewise one that may be assigned.
    fn assignable(&mut self, kind: Kind) -> Option<String> {
        self.variable_where(|variable| {
            !variable.is_constant && (kind == Kind::Any || variable.kind == kind)
        })
    }

    fn variable_where(&mut self, fits: impl Fn(&Variable) -> bool) -> Option<String> {
        let globals = GLOBALS.map(|(name, kind)| Variable {
            name: name.to_owned(),
            kind,
            is_constant: false,
        });
        let locals = self.scope.iter().filter(|variable| fits(variable)).cloned();
        // Locals of the step come more often than the prelude's.
        let mut found: Vec<Variable> = locals.collect();
        if found.is_empty() || self.random.one_in(4) {
            found = globals.into_iter().filter(|variable| fits(variable)).collect();
        }
        if found.is_empty() {
            return None;
        }
        let at = self.random.below(found.len());
        Some(found.swap_remove(at).name)
    }

    /// Whether there is room for another statement with blocks of its own.
    fn has_room(&self) -> bool {
        self.depth < DEPTH_MAX && self.left > 0
    }

    /// Statements, and sometimes a `return`; each on lines of its own.
    fn block(&mut self, statements: usize) -> String {
        let (kept, mut text) = (self.scope.len(), String::new());
        self.depth += 1;
        for _ in 0..=self.random.below(statements) {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            let statement = self.statement();
            text.push_str(&statement);
            text.push('\n');
        }
        if self.one_in(3) {
            let values = self.expressions(3);
            text.push_str(&format!("return {values}\n"));
        }
        self.depth -= 1;
        self.scope.truncate(kept);
        text
    }
}
