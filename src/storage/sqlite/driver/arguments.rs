//! What is bound to the parameters of a statement.

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::{IntoArguments, Type};

use super::DirectSqlite;
use super::value::Value;

/// The values, by the numbers of their parameters.
#[derive(Default)]
pub struct Arguments(pub(super) Vec<Value>);

impl sqlx::Arguments for Arguments {
    type Database = DirectSqlite;

    fn reserve(&mut self, additional: usize, _: usize) {
        self.0.reserve(additional);
    }

    fn add<'t, T>(&mut self, value: T) -> Result<(), BoxDynError>
    where
        T: Encode<'t, DirectSqlite> + Type<DirectSqlite>,
    {
        if let IsNull::Yes = value.encode(&mut self.0)? {
            self.0.push(Value::Null);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl IntoArguments<DirectSqlite> for Arguments {
    fn into_arguments(self) -> Self {
        self
    }
}
