//! Rows, and the columns that all rows of a statement share.

use std::collections::HashMap;
use std::sync::Arc;

use sqlx::{ColumnIndex, Error, Row};

use super::DirectSqlite;
use super::value::{Kind, Value};

/// A row, copied out of the database.
pub struct DirectRow {
    values: Box<[Value]>,
    columns: Arc<Columns>,
}

/// The columns of a statement.
pub(super) struct Columns {
    list: Vec<Column>,
    places: HashMap<Box<str>, usize>,
}

/// One of them.
#[derive(Debug)]
pub struct Column {
    ordinal: usize,
    name: Box<str>,
}

impl Columns {
    pub(super) fn of(statement: &rusqlite::Statement<'_>) -> Self {
        let names = statement.column_names();
        let places = names.iter().enumerate().map(|(place, name)| ((*name).into(), place));
        Self {
            places: places.collect(),
            list: names
                .iter()
                .enumerate()
                .map(|(ordinal, name)| Column { ordinal, name: (*name).into() })
                .collect(),
        }
    }
}

impl DirectRow {
    pub(super) fn copy(row: &rusqlite::Row<'_>, columns: &Arc<Columns>) -> Result<Self, Error> {
        let value = |place| {
            let raw = row.get_ref(place).map_err(super::error::of)?;
            Value::copy(raw).map_err(Error::Decode)
        };
        let values = (0..columns.list.len()).map(value).collect::<Result<_, _>>()?;
        Ok(Self { values, columns: columns.clone() })
    }
}

impl Row for DirectRow {
    type Database = DirectSqlite;

    fn columns(&self) -> &[Column] {
        &self.columns.list
    }

    fn try_get_raw<I: ColumnIndex<Self>>(&self, index: I) -> Result<&Value, Error> {
        let index = index.index(self)?;
        let len = self.values.len();
        self.values.get(index).ok_or(Error::ColumnIndexOutOfBounds { index, len })
    }
}

impl ColumnIndex<DirectRow> for &str {
    fn index(&self, row: &DirectRow) -> Result<usize, Error> {
        let place = row.columns.places.get(*self).copied();
        place.ok_or_else(|| Error::ColumnNotFound((*self).to_owned()))
    }
}

sqlx_core::impl_column_index_for_row!(DirectRow);

impl sqlx::Column for Column {
    type Database = DirectSqlite;

    fn ordinal(&self) -> usize {
        self.ordinal
    }

    fn name(&self) -> &str {
        &self.name
    }

    /// Each value has a type of its own.
    fn type_info(&self) -> &Kind {
        &Kind::Null
    }
}
