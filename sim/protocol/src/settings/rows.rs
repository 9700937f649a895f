//! The two macros that the tables of settings are written with, and the kinds that several rows share.

use super::setting::Kind;

macro_rules! settings {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident : $type:ty = $init:expr,)* }
     rows { $($row:expr,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }

        impl Settings for $name {
            fn table() -> &'static [Row<Self>] {
                const TABLE: &[Row<$name>] = &[$($row,)*];
                TABLE
            }
        }

        impl Default for $name {
            fn default() -> Self {
                // The table is read once; every world begins with a copy of its defaults.
                static MADE: LazyLock<$name> = LazyLock::new(|| {
                    let mut made = $name { $($field: $init,)* };
                    for row in $name::table().iter().filter(|row| !row.default.is_empty()) {
                        let value = row.kind.read(row.default);
                        (row.set)(&mut made, value.expect("every default of the table is a value of its kind"));
                    }
                    made
                });
                MADE.clone()
            }
        }
    };
}

macro_rules! row {
    ($name:literal, $kind:expr, $default:literal, $source:literal, $meaning:literal, $variant:ident, $($field:ident).+) => {
        row!($name, $kind, $default, $source, $meaning, $variant, $($field).+, Place::Everywhere)
    };
    ($name:literal, $kind:expr, $default:literal, $source:literal, $meaning:literal, $variant:ident, $($field:ident).+, $place:expr) => {
        Row {
            name: $name, kind: $kind, default: $default, meaning: $meaning, source: $source, place: $place,
            set: |to, value| if let Value::$variant(value) = value { to.$($field).+ = value.into() },
            get: |from| from.$($field).+.shown(),
        }
    };
}

pub(super) use {row, settings};

pub(super) const NAME: Kind = Kind::Text(64);
pub(super) const TLS: Kind = Kind::Choice(&["both", "1.2", "1.3"]);
pub(super) const GROUPS: Kind = Kind::Choice(&["all", "x25519", "secp256r1", "secp384r1"]);
pub(super) const REVOCATION: Kind = Kind::Choice(&["auto", "none", "current", "missing", "expired", "other-issuer"]);
pub(super) const WAIT: Kind = Kind::Span(10, 3_600_000);
