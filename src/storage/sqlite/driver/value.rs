//! Values, as they are bound and as they are read.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter};

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef as Raw};
use sqlx::decode::Decode;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::{Type, TypeInfo};

use super::DirectSqlite;

/// A value of one of the types of SQLite.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

/// One of the types.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    Null,
    Integer,
    Real,
    Text,
    Blob,
}

impl Value {
    fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Integer(_) => Kind::Integer,
            Self::Real(_) => Kind::Real,
            Self::Text(_) => Kind::Text,
            Self::Blob(_) => Kind::Blob,
        }
    }

    /// A copy of a value of a row.
    pub(super) fn copy(raw: Raw<'_>) -> Result<Self, BoxDynError> {
        Ok(match raw {
            Raw::Null => Self::Null,
            Raw::Integer(number) => Self::Integer(number),
            Raw::Real(number) => Self::Real(number),
            Raw::Text(bytes) => Self::Text(std::str::from_utf8(bytes)?.to_owned()),
            Raw::Blob(bytes) => Self::Blob(bytes.to_owned()),
        })
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => Raw::Null,
            Self::Integer(number) => Raw::Integer(*number),
            Self::Real(number) => Raw::Real(*number),
            Self::Text(text) => Raw::Text(text.as_bytes()),
            Self::Blob(bytes) => Raw::Blob(bytes),
        }))
    }
}

impl sqlx::Value for Value {
    type Database = DirectSqlite;

    fn as_ref(&self) -> &Self {
        self
    }

    fn type_info(&self) -> Cow<'_, Kind> {
        Cow::Owned(self.kind())
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl<'r> sqlx::ValueRef<'r> for &'r Value {
    type Database = DirectSqlite;

    fn to_owned(&self) -> Value {
        Value::clone(self)
    }

    fn type_info(&self) -> Cow<'_, Kind> {
        Cow::Owned(self.kind())
    }

    fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

impl TypeInfo for Kind {
    fn is_null(&self) -> bool {
        *self == Self::Null
    }

    fn name(&self) -> &str {
        match self {
            Self::Null => "NULL",
            Self::Integer => "INTEGER",
            Self::Real => "REAL",
            Self::Text => "TEXT",
            Self::Blob => "BLOB",
        }
    }
}

impl Display for Kind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What Rust has for a type of SQLite: how it is bound, and how it is read.
macro_rules! stored {
    ($variant:ident: $owned:ty $(, borrowed as $borrowed:ty)?) => {
        stored!(bound $variant: $owned);
        $(stored!(bound $variant: $borrowed);)?

        impl<'r> Decode<'r, DirectSqlite> for $owned {
            fn decode(value: &'r Value) -> Result<Self, BoxDynError> {
                match value {
                    Value::$variant(value) => Ok(value.clone()),
                    other => Err(format!("{} is not what was asked for", other.kind()).into()),
                }
            }
        }
    };
    (bound $variant:ident: $type:ty) => {
        impl Type<DirectSqlite> for $type {
            fn type_info() -> Kind {
                Kind::$variant
            }
        }

        impl Encode<'_, DirectSqlite> for $type {
            fn encode_by_ref(&self, buffer: &mut Vec<Value>) -> Result<IsNull, BoxDynError> {
                buffer.push(Value::$variant((*self).to_owned().into()));
                Ok(IsNull::No)
            }
        }
    };
}

stored!(Integer: i64);
stored!(Real: f64);
stored!(Text: String, borrowed as &str);
stored!(Blob: Vec<u8>, borrowed as &[u8]);

sqlx_core::impl_encode_for_option!(DirectSqlite);
