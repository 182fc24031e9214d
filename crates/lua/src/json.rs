pub(crate) const FUNCTIONS: &[crate::library::Builtin] = &[];
