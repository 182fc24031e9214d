//! Scopes while parsing: which variable a name means, and what becomes of it.
//!
//! The parser tells what is declared, activated, used and assigned; when it is through, each
//! [`Local`] knows whether it has to live in a box. Nothing here knows tokens.

use super::ast::{Attribute, Captured, Constant, Local, LocalId, Variable};
use super::labels::{Jumps, JumpsBefore, Labels};
use super::names::Symbol;

/// Local variables a function may have in scope, those of loops that have no name included.
pub(crate) const LOCALS_MAX: usize = 200;
/// Variables of enclosing functions that a function may use.
pub(crate) const UPVALUES_MAX: usize = 255;

/// What a name means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Meaning {
    Variable(Variable),
    /// A `<const>` local whose value is known
    Constant(Constant),
    Global,
}

/// A limit that is exceeded.
#[derive(Debug)]
pub(crate) struct LimitError {
    pub(crate) what: &'static str,
    pub(crate) limit: usize,
    /// Line of the function; 0 for the chunk.
    pub(crate) function_line: u32,
}

/// A block that is being parsed.
#[derive(Debug)]
pub(crate) struct BlockScope {
    /// Variables in scope where it starts.
    pub(crate) active: usize,
    pub(crate) is_loop: bool,
    /// Closing scopes around it.
    pub(crate) closing_depth: u32,
    pub(crate) jumps_before: JumpsBefore,
}

/// A function that is being parsed.
#[derive(Debug, Default)]
pub(crate) struct FunctionScope {
    line: u32,
    is_vararg: bool,
    /// Variables in scope, then those that are declared but not yet in scope.
    declared: Vec<LocalId>,
    active: usize,
    upvalues: Vec<Captured>,
    pub(crate) blocks: Vec<BlockScope>,
    pub(crate) closing_depth: u32,
    pub(crate) jumps: Jumps,
}

/// The functions around the current position, and what they declare.
#[derive(Debug)]
pub(crate) struct Scopes {
    /// Every local of the chunk.
    pub(crate) locals: Vec<Local>,
    pub(crate) labels: Labels,
    /// Whether something assigns to the chunk's own `_ENV`.
    pub(crate) env_is_assigned: bool,
    functions: Vec<FunctionScope>,
}

impl Scopes {
    /// The scopes of a chunk, whose function has the one upvalue `_ENV`.
    pub(crate) fn new() -> Self {
        let mut scopes = Self {
            locals: Vec::new(),
            labels: Labels::default(),
            env_is_assigned: false,
            functions: Vec::new(),
        };
        scopes.enter_function(0, true);
        let env = Captured { name: Symbol::ENV, from: Variable::Upvalue(0), origin: None };
        scopes.function().upvalues.push(env);
        scopes
    }

    /// The innermost function.
    pub(crate) fn function(&mut self) -> &mut FunctionScope {
        self.functions.last_mut().expect("the chunk's scope is left last")
    }

    /// Opens the scope of a function whose `function` is on this line.
    pub(crate) fn enter_function(&mut self, line: u32, is_vararg: bool) {
        let function = FunctionScope { line, is_vararg, ..FunctionScope::default() };
        self.functions.push(function);
        self.enter_block(false);
    }

    /// Closes a function's scope, after its outermost block; returns the upvalues it uses.
    pub(crate) fn leave_function(&mut self) -> Vec<Captured> {
        self.functions.pop().map(|function| function.upvalues).unwrap_or_default()
    }

    /// Says that the innermost function takes any number of arguments.
    pub(crate) fn set_vararg(&mut self) {
        self.function().is_vararg = true;
    }

    /// Whether `...` is allowed.
    pub(crate) fn is_vararg(&mut self) -> bool {
        self.function().is_vararg
    }

    /// Opens a block.
    pub(crate) fn enter_block(&mut self, is_loop: bool) {
        let function = self.function();
        let block = BlockScope {
            active: function.active,
            is_loop,
            closing_depth: function.closing_depth,
            jumps_before: function.jumps.now(),
        };
        function.blocks.push(block);
    }

    /// Ends the scope of the variables of a block.
    pub(crate) fn drop_variables(&mut self, block: &BlockScope) {
        let function = self.function();
        function.declared.truncate(block.active);
        function.active = block.active;
        function.closing_depth = block.closing_depth;
    }

    /// Declares a local variable, which is not yet in scope.
    pub(crate) fn declare(&mut self, name: Symbol) -> Result<LocalId, LimitError> {
        let id = LocalId(self.locals.len() as u32);
        let function = self.function();
        if function.declared.len() >= LOCALS_MAX {
            return Err(function.limit("local variables", LOCALS_MAX));
        }
        function.declared.push(id);
        self.locals.push(Local {
            name,
            attribute: Attribute::None,
            constant: None,
            is_captured: false,
            is_assigned: false,
        });
        Ok(id)
    }

    /// Brings what is declared into scope.
    pub(crate) fn activate(&mut self) {
        let function = self.function();
        function.active = function.declared.len();
    }

    /// Says that a variable in scope is closed at the end of its block.
    pub(crate) fn mark_closing(&mut self) {
        self.function().closing_depth += 1;
    }

    /// How many variables are in scope.
    pub(crate) fn active(&mut self) -> usize {
        self.function().active
    }

    /// The variable that comes at this position of those in scope.
    pub(crate) fn active_name(&mut self, position: usize) -> Symbol {
        let id = self.function().declared[position];
        self.locals[id.0 as usize].name
    }

    /// What a name means here. A use in an inner function captures the variable.
    pub(crate) fn resolve(&mut self, name: Symbol) -> Result<Meaning, LimitError> {
        self.resolve_in(self.functions.len() - 1, name)
    }

    fn resolve_in(&mut self, level: usize, name: Symbol) -> Result<Meaning, LimitError> {
        let function = &self.functions[level];
        let visible = function.declared[..function.active].iter().rev();
        for &id in visible {
            let local = &self.locals[id.0 as usize];
            if local.name == name {
                return Ok(match local.constant {
                    Some(constant) => Meaning::Constant(constant),
                    None => Meaning::Variable(Variable::Local(id)),
                });
            }
        }
        if let Some(index) = function.upvalues.iter().position(|captured| captured.name == name) {
            return Ok(Meaning::Variable(Variable::Upvalue(index as u8)));
        }
        if level == 0 {
            return Ok(Meaning::Global);
        }
        match self.resolve_in(level - 1, name)? {
            Meaning::Variable(from) => self.capture(level, name, from),
            other => Ok(other),
        }
    }

    fn capture(
        &mut self,
        level: usize,
        name: Symbol,
        from: Variable,
    ) -> Result<Meaning, LimitError> {
        let origin = match from {
            Variable::Local(id) => {
                self.locals[id.0 as usize].is_captured = true;
                Some(id)
            }
            Variable::Upvalue(index) => {
                self.functions[level - 1].upvalues[usize::from(index)].origin
            }
        };
        let function = &mut self.functions[level];
        if function.upvalues.len() >= UPVALUES_MAX {
            return Err(function.limit("upvalues", UPVALUES_MAX));
        }
        function.upvalues.push(Captured { name, from, origin });
        Ok(Meaning::Variable(Variable::Upvalue(function.upvalues.len() as u8 - 1)))
    }

    /// The local behind a variable; `None` for the chunk's `_ENV`.
    fn origin(&mut self, variable: Variable) -> Option<&mut Local> {
        let id = match variable {
            Variable::Local(id) => id,
            Variable::Upvalue(index) => self.function().upvalues[usize::from(index)].origin?,
        };
        Some(&mut self.locals[id.0 as usize])
    }

    /// Records an assignment; an error with its name if the variable is constant.
    pub(crate) fn assign(&mut self, variable: Variable) -> Result<(), Symbol> {
        match self.origin(variable) {
            Some(local) if local.attribute != Attribute::None => return Err(local.name),
            Some(local) => local.is_assigned = true,
            None => self.env_is_assigned = true,
        }
        Ok(())
    }
}

impl FunctionScope {
    /// Variables in scope.
    pub(crate) fn active(&self) -> usize {
        self.active
    }

    fn limit(&self, what: &'static str, limit: usize) -> LimitError {
        LimitError { what, limit, function_line: self.line }
    }
}
