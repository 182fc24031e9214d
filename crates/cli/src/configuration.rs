//! What a node tells of its own configuration at `/v1/config`: each value, and where it comes from.
//! There are no secrets among them: of tokens, only the file is named.

use crate::settings::Settings;
use serde_json::{Map, Value, json};

/// See the module.
#[derive(Debug)]
pub(crate) struct Configuration<'a> {
    settings: &'a Settings,
    entries: Map<String, Value>,
}

impl<'a> Configuration<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self { settings, entries: Map::new() }
    }

    /// A value, from the option of the command if that was given, or else from the setting.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>, is_option: bool) {
        if is_option {
            return self.put_from(name, value, &format!("--{name}"));
        }
        let setting = self.settings.origin(name).filter(|setting| !setting.value.is_empty());
        let origin = setting.map_or("default", |setting| &setting.origin).to_owned();
        self.put_from(name, value, &origin);
    }

    /// A value from elsewhere.
    pub(crate) fn put_from(&mut self, name: &str, value: impl Into<Value>, origin: &str) {
        self.entries.insert(name.to_owned(), json!({"value": value.into(), "origin": origin}));
    }

    /// All of it.
    pub(crate) fn finish(self) -> Value {
        Value::Object(self.entries)
    }
}
