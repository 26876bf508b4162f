//! The index's schema: fast columns for order, position and facets, one bytes field of terms for search.

use tantivy::schema::{
    BytesOptions, FAST, Field as Column, INDEXED, NumericOptions, Schema, TextOptions,
};

use crate::event::field::Field;

/// Raised whenever the schema, the terms or the catalogue change, or what many formats read: an index of another version is
/// rebuilt.
pub(crate) const VERSION: u32 = 9;

/// Normalised fields with a string column, in column order.
pub(crate) const STR_COLUMNS: [Field; 9] = [
    Field::Actor,
    Field::Action,
    Field::Target,
    Field::Outcome,
    Field::Reason,
    Field::Ip,
    Field::Host,
    Field::Severity,
    Field::Format,
];

/// Bit of the `flags` column: the record itself says when it happened.
pub(crate) const HAS_TIME: u64 = 1;
/// Bit of the `flags` column: what the format could not parse.
pub(crate) const UNPARSED: u64 = 2;

/// Bit of the `flags` column: the attributes are the leaves of the record, which is JSON, and can be found in it alone.
pub(crate) const LEAVES: u64 = 4;

/// Handles of every field of the index.
#[derive(Clone)]
pub(crate) struct Columns {
    /// Effective time in nanoseconds (`Order::ts`).
    pub(crate) ts: Column,
    pub(crate) flags: Column,
    /// Ordinal of the generation in the catalogue; also indexed, for deleting a generation.
    pub(crate) generation: Column,
    pub(crate) offset: Column,
    pub(crate) sub: Column,
    /// 0 = no line.
    pub(crate) line: Column,
    /// Low half of the event's id.
    pub(crate) id: Column,
    /// Where the original is: block offset << 16 | entry.
    pub(crate) original: Column,
    /// As [`STR_COLUMNS`].
    pub(crate) strings: [Column; STR_COLUMNS.len()],
    /// What is searched; see `terms`.
    pub(crate) terms: Column,
}

/// Builds the schema; the same calls give the same handles every time.
pub(crate) fn build() -> (Schema, Columns) {
    let mut builder = Schema::builder();
    let number = NumericOptions::default().set_fast();
    let string = TextOptions::default().set_fast("raw");
    let columns = Columns {
        ts: builder.add_i64_field("ts", number.clone()),
        flags: builder.add_u64_field("flags", number.clone()),
        generation: builder.add_u64_field("generation", FAST | INDEXED),
        offset: builder.add_u64_field("offset", number.clone()),
        sub: builder.add_u64_field("sub", number.clone()),
        line: builder.add_u64_field("line", number.clone()),
        id: builder.add_u64_field("id", number.clone()),
        original: builder.add_u64_field("original", number),
        strings: STR_COLUMNS.map(|field| builder.add_text_field(field.name(), string.clone())),
        terms: builder.add_bytes_field("terms", BytesOptions::default().set_indexed()),
    };
    (builder.build(), columns)
}
