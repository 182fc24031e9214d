//! Stores in front of others.

/// Writes methods of an implementation of [`Store`](crate::Store) that only ask the store in a field:
/// `forward_store!(inner: get log_ends);` for the field `inner`. What is not named is written by hand, or is
/// the default of the contract.
#[macro_export]
macro_rules! forward_store {
    ($field:tt: $($method:ident)*) => {
        $($crate::forward_store!(@$method $field);)*
    };
    (@apply $field:tt) => {
        fn apply(&self, commits: Vec<$crate::Commit>) -> Vec<Result<(), $crate::StoreError>> {
            self.$field.apply(commits)
        }
    };
    (@get $field:tt) => {
        fn get(
            &self,
            space: $crate::Space,
            key: &[u8],
        ) -> Result<Option<Vec<u8>>, $crate::StoreError> {
            self.$field.get(space, key)
        }
    };
    (@inspect $field:tt) => {
        fn inspect(
            &self,
            space: $crate::Space,
            from: &[u8],
            to: &[u8],
            reverse: bool,
            visit: &mut dyn FnMut(&[u8], $crate::Found<'_>) -> bool,
        ) -> Result<(), $crate::StoreError> {
            self.$field.inspect(space, from, to, reverse, visit)
        }
    };
    (@log_ends $field:tt) => {
        fn log_ends(&self, id: u64) -> Result<$crate::LogEnds, $crate::StoreError> {
            self.$field.log_ends(id)
        }
    };
    (@trimmed_logs $field:tt) => {
        fn trimmed_logs(
            &self,
            visit: &mut dyn FnMut(u64) -> Result<bool, $crate::StoreError>,
        ) -> Result<(), $crate::StoreError> {
            self.$field.trimmed_logs(visit)
        }
    };
    (@compact $field:tt) => {
        fn compact(&self) -> Result<(), $crate::StoreError> {
            self.$field.compact()
        }
    };
    (@settle $field:tt) => {
        fn settle(&self) -> bool {
            self.$field.settle()
        }
    };
    (@size $field:tt) => {
        fn size(&self) -> Result<$crate::Size, $crate::StoreError> {
            self.$field.size()
        }
    };
    (@has_room $field:tt) => {
        fn has_room(&self) -> Result<bool, $crate::StoreError> {
            self.$field.has_room()
        }
    };
}
