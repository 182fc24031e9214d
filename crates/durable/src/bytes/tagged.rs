//! Forms of types that are made of others.

/// The form of a struct: those of its fields, in this order.
macro_rules! record {
    ($name:ident { $($field:tt),* $(,)? }) => {
        impl crate::bytes::Bytes for $name {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                // Names every field, so that one that is added is not forgotten.
                let Self { $($field: _),* } = self;
                $(self.$field.put(out);)*
            }

            #[inline]
            fn take(
                from: &mut crate::bytes::Reader<'_>,
            ) -> Result<Self, crate::bytes::Damaged> {
                Ok(Self { $($field: crate::bytes::Bytes::take(from)?),* })
            }
        }
    };
}

/// The form of an enum: one byte that tells the variant, then its fields in this order. A tag that
/// has been in use is never given to another variant.
macro_rules! variants {
    ($name:ident, $what:literal {
        $($tag:literal $variant:ident $(($($item:ident),+))? $({$($field:ident),+ $(,)?})?),+ $(,)?
    }) => {
        impl crate::bytes::Bytes for $name {
            #[inline]
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($($item),+))? $({$($field),+})? => {
                        out.push($tag);
                        $($($item.put(out);)+)?
                        $($($field.put(out);)+)?
                    })+
                }
            }

            #[inline]
            fn take(
                from: &mut crate::bytes::Reader<'_>,
            ) -> Result<Self, crate::bytes::Damaged> {
                let before = from.clone();
                match from.byte($what)? {
                    $($tag => {
                        $($(let $item = crate::bytes::Bytes::take(from)?;)+)?
                        $($(let $field = crate::bytes::Bytes::take(from)?;)+)?
                        Ok(Self::$variant $(($($item),+))? $({$($field),+})?)
                    })+
                    _ => Err(before.damaged($what)),
                }
            }
        }
    };
}

pub(crate) use {record, variants};
