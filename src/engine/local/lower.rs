//! Lowering: a bound query to the documents of one segment, from both sides (see `Bounds`).

use std::sync::Arc;

use tantivy::postings::TermInfo;
use tantivy::{InvertedIndexReader, SegmentReader};

use super::dictionary::{each_doc, upper_bound};
use super::docset::{Bits, Bounds, Docs};
use super::failed;
use super::schema::{HAS_TIME, STR_COLUMNS};
use super::spelling;
use super::terms::{self, HIGH, LOW};
use crate::engine::{Cancel, EngineError};
use crate::event::field::{Field, FieldType};
use crate::event::{Timestamp, Verdict};
use crate::query::ast::{Ast, FieldRef, Test, TimeExpr, Words};
use crate::query::token::{fold, tokens};
use crate::query::value::ValueTest;

/// What lowering knows of a generation (by its ordinal).
#[derive(Clone, Debug)]
pub(crate) struct GenerationFacts {
    pub(crate) source: Arc<str>,
    pub(crate) rank: i32,
    pub(crate) chain: Option<Arc<crate::chain::ChainReport>>,
}

impl GenerationFacts {
    pub(crate) fn verdict(&self, offset: u64) -> Verdict {
        self.chain.as_ref().map_or(Verdict::Pending, |report| {
            report.verdicts.at(self.rank, offset)
        })
    }
}

/// Lowers queries for one segment.
pub(crate) struct Lowering<'a> {
    segment: &'a SegmentReader,
    terms: Arc<InvertedIndexReader>,
    generations: &'a [GenerationFacts],
    cancel: &'a Cancel,
    max_doc: u32,
}

type Lowered = Result<Bounds, EngineError>;

/// Terms, and documents, between two looks whether somebody still waits.
const LOOK: u32 = 64;
const LOOK_DOCS: u32 = 4096;

impl<'a> Lowering<'a> {
    pub(crate) fn new(
        segment: &'a SegmentReader,
        terms: tantivy::schema::Field,
        generations: &'a [GenerationFacts],
        cancel: &'a Cancel,
    ) -> Result<Self, EngineError> {
        let terms = segment.inverted_index(terms).map_err(failed)?;
        Ok(Self {
            segment,
            terms,
            generations,
            cancel,
            max_doc: segment.max_doc(),
        })
    }

    /// What the query matches. Recursion is bounded by the parser's depth limit.
    pub(crate) fn lower(&self, ast: &Ast) -> Lowered {
        self.look()?;
        match ast {
            Ast::All => Ok(Bounds::exact(Docs::All)),
            Ast::And(parts) => {
                let mut all = Bounds::exact(Docs::All);
                for part in parts {
                    if matches!(all.may, Docs::None) {
                        break;
                    }
                    all = all.and(&self.lower(part)?);
                }
                Ok(all)
            }
            Ast::Or(parts) => {
                let mut any = Bounds::exact(Docs::None);
                for part in parts {
                    any = any.or(&self.lower(part)?);
                }
                Ok(any)
            }
            Ast::Not(inner) => Ok(self.lower(inner)?.not(self.max_doc)),
            Ast::Words(words) => self.words(words),
            Ast::Field(field, test) => self.field(field, test),
            Ast::Since(at) => self.time_bound(at, |ts, at| ts >= at),
            Ast::Until(at) => self.time_bound(at, |ts, at| ts < at),
        }
    }

    /// Ends here if nobody waits for the answer any more.
    fn look(&self) -> Result<(), EngineError> {
        if self.cancel.is_cancelled() {
            Err(EngineError::Cancelled)
        } else {
            Ok(())
        }
    }

    fn docs_where(&self, test: impl Fn(u32) -> bool) -> Result<Docs, EngineError> {
        let mut bits = Bits::new(self.max_doc);
        for doc in 0..self.max_doc {
            if doc.is_multiple_of(LOOK_DOCS) {
                self.look()?;
            }
            if test(doc) {
                bits.insert(doc);
            }
        }
        Ok(Docs::from_bits(bits))
    }

    fn number(
        &self,
        name: &str,
    ) -> Result<Arc<dyn tantivy::columnar::ColumnValues<u64>>, EngineError> {
        self.segment
            .fast_fields()
            .column_first_or_default::<u64>(name)
            .map_err(failed)
    }

    fn time_bound(&self, at: &TimeExpr, holds: impl Fn(i64, i64) -> bool) -> Lowered {
        let TimeExpr::At(Timestamp(at)) = at else {
            return Err(EngineError::Index(
                "the query's times are not settled".into(),
            ));
        };
        self.times(|ts| holds(ts, *at))
    }

    fn times(&self, test: impl Fn(i64) -> bool) -> Lowered {
        let ts = self
            .segment
            .fast_fields()
            .column_first_or_default::<i64>("ts")
            .map_err(failed)?;
        let flags = self.number("flags")?;
        let holds = |doc| flags.get_val(doc) & HAS_TIME != 0 && test(ts.get_val(doc));
        self.docs_where(holds).map(Bounds::exact)
    }

    fn field(&self, field: &FieldRef, test: &Test) -> Lowered {
        let (path, kind) = match field {
            FieldRef::Attribute(path) => {
                (terms::attribute_path(path).into_owned(), FieldType::Text)
            }
            FieldRef::Normal(field) => {
                if let Some(bounds) = self.by_column(*field, test)? {
                    return Ok(bounds);
                }
                (terms::normal_path(*field), field.spec().kind)
            }
        };
        if *test == Test::Exists {
            return self.exists(&path).map(Bounds::exact);
        }
        if matches!(field, FieldRef::Normal(Field::Message)) {
            return self.message(&path, test);
        }
        let compiled = match field {
            FieldRef::Normal(field) => ValueTest::for_field(test, *field)?,
            FieldRef::Attribute(_) => ValueTest::new(test, kind)?,
        };
        match compiled.any_exact() {
            Some(values) => {
                let mut any = Bounds::exact(Docs::None);
                for value in values {
                    any = any.or(&self.value(&path, value)?);
                }
                Ok(any)
            }
            None => self.scan(&path, test, |value| compiled.matches(value)),
        }
    }

    /// Fields whose values are columns and not terms.
    fn by_column(&self, field: Field, test: &Test) -> Result<Option<Bounds>, EngineError> {
        let all = || Ok(Some(Bounds::exact(Docs::All)));
        let exists = *test == Test::Exists;
        match field {
            Field::Id | Field::Format | Field::Source | Field::Outcome | Field::Chain if exists => {
                return all();
            }
            Field::Ts | Field::Line | Field::Id | Field::Format | Field::Source | Field::Chain => {}
            _ if exists && STR_COLUMNS.contains(&field) => {
                let Some(column) = self
                    .segment
                    .fast_fields()
                    .str(field.name())
                    .map_err(failed)?
                else {
                    return Ok(Some(Bounds::exact(Docs::None)));
                };
                let index = &column.ords().index;
                let docs = self.docs_where(|doc| index.has_value(doc))?;
                return Ok(Some(Bounds::exact(docs)));
            }
            _ => return Ok(None),
        }
        if field == Field::Ts {
            if exists {
                return self.times(|_| true).map(Some);
            }
            let compiled = ValueTest::for_field(test, field)?;
            return self
                .times(|ts| compiled.matches_time(Timestamp(ts)))
                .map(Some);
        }
        if field == Field::Line {
            let line = self.number("line")?;
            if exists {
                let docs = self.docs_where(|doc| line.get_val(doc) != 0)?;
                return Ok(Some(Bounds::exact(docs)));
            }
            let compiled = ValueTest::for_field(test, field)?;
            let docs = self.docs_where(|doc| {
                let line = line.get_val(doc);
                line != 0 && compiled.matches(&line.to_string())
            })?;
            return Ok(Some(Bounds::exact(docs)));
        }
        let compiled = ValueTest::for_field(test, field)?;
        let bounds = match field {
            // Only half of an id is a column.
            Field::Id => self.id(&compiled)?,
            Field::Format => {
                Bounds::exact(self.by_string("format", |v| compiled.matches(&fold(v)))?)
            }
            Field::Source => {
                let fits: Vec<bool> = self
                    .generations
                    .iter()
                    .map(|g| compiled.matches(&fold(&g.source)))
                    .collect();
                let generation = self.number("generation")?;
                let fits = |doc| {
                    fits.get(generation.get_val(doc) as usize)
                        .copied()
                        .unwrap_or(false)
                };
                Bounds::exact(self.docs_where(fits)?)
            }
            _ => Bounds::exact(self.chain(&compiled)?),
        };
        Ok(Some(bounds))
    }

    fn id(&self, compiled: &ValueTest) -> Lowered {
        let Some(values) = compiled.any_exact() else {
            return Ok(Bounds::unsure(Docs::All));
        };
        let low: Vec<u64> = values
            .into_iter()
            .filter_map(|v| u128::from_str_radix(v, 16).ok())
            .map(|id| id as u64)
            .collect();
        let column = self.number("id")?;
        let docs = self.docs_where(|doc| low.contains(&column.get_val(doc)))?;
        Ok(Bounds::unsure(docs))
    }

    fn by_string(&self, name: &str, test: impl Fn(&str) -> bool) -> Result<Docs, EngineError> {
        let Some(column) = self.segment.fast_fields().str(name).map_err(failed)? else {
            return Ok(Docs::None);
        };
        let mut fits = vec![false; column.num_terms()];
        let mut text = String::new();
        for (ord, fit) in fits.iter_mut().enumerate() {
            if (ord as u32).is_multiple_of(LOOK) {
                self.look()?;
            }
            text.clear();
            column.ord_to_str(ord as u64, &mut text).map_err(failed)?;
            *fit = test(&text);
        }
        let ords = column.ords();
        self.docs_where(|doc| ords.values_for_doc(doc).any(|ord| fits[ord as usize]))
    }

    fn chain(&self, compiled: &ValueTest) -> Result<Docs, EngineError> {
        let fits = |verdict: Verdict| {
            verdict
                .words()
                .into_iter()
                .flatten()
                .any(|word| compiled.matches(word))
        };
        let generation = self.number("generation")?;
        let offset = self.number("offset")?;
        // Most sources have no chain: their verdict does not depend on the record.
        let plain: Vec<Option<bool>> = self
            .generations
            .iter()
            .map(|g| match &g.chain {
                Some(report) if report.scheme.is_some() => None,
                Some(_) => Some(fits(Verdict::Unchained)),
                None => Some(fits(Verdict::Pending)),
            })
            .collect();
        self.docs_where(|doc| {
            let ordinal = generation.get_val(doc) as usize;
            match plain.get(ordinal) {
                Some(Some(fit)) => *fit,
                Some(None) => fits(self.generations[ordinal].verdict(offset.get_val(doc))),
                None => false,
            }
        })
    }

    /// Adds the documents of a posting list.
    fn collect(&self, info: &TermInfo, bits: &mut Bits) -> Result<(), EngineError> {
        each_doc(&self.terms, info, |doc| bits.insert(doc))
    }

    fn term(&self, term: &[u8]) -> Result<Docs, EngineError> {
        let mut bits = Bits::new(self.max_doc);
        if let Some(info) = self.terms.terms().get(term).map_err(failed)? {
            self.collect(&info, &mut bits)?;
        }
        Ok(Docs::from_bits(bits))
    }

    /// Every term with this prefix goes to `each` (without the prefix) and is added to the set it names.
    fn each_term(
        &self,
        prefix: &[u8],
        mut each: impl FnMut(&[u8]) -> Side,
        may: &mut Bits,
        must: &mut Bits,
    ) -> Result<(), EngineError> {
        let end = upper_bound(prefix);
        let mut stream = self
            .terms
            .terms()
            .range()
            .ge(prefix)
            .lt(&end)
            .into_stream()
            .map_err(failed)?;
        let mut seen = 0u32;
        while stream.advance() {
            seen += 1;
            // A regular expression may take its time over each of them.
            if seen.is_multiple_of(LOOK) {
                self.look()?;
            }
            let info = stream.value().clone();
            match each(&stream.key()[prefix.len()..]) {
                Side::No => {}
                Side::May => self.collect(&info, may)?,
                Side::Must => self.collect(&info, must)?,
            }
        }
        Ok(())
    }

    fn bounds(may: Bits, must: Bits) -> Bounds {
        let must = Docs::from_bits(must);
        Bounds {
            may: Docs::from_bits(may).or(&must),
            must,
        }
    }

    /// Documents with a value term, however the value is spelled.
    fn term_of_value(&self, mut term: Vec<u8>) -> Result<Docs, EngineError> {
        let as_folded = self.term(&term)?;
        term.push(spelling::SPELLED);
        let mut spelled = Bits::new(self.max_doc);
        // Nothing is unsure.
        let unsure = &mut Bits::new(0);
        self.each_term(&term, |_| Side::Must, unsure, &mut spelled)?;
        Ok(as_folded.or(&Docs::from_bits(spelled)))
    }

    fn exists(&self, path: &str) -> Result<Docs, EngineError> {
        let (mut may, mut must) = (Bits::new(self.max_doc), Bits::new(self.max_doc));
        for kind in [LOW, HIGH] {
            self.each_term(
                &terms::prefix(kind, path),
                |_| Side::Must,
                &mut may,
                &mut must,
            )?;
        }
        Ok(Docs::from_bits(must).or(&self.term(&terms::opaque_term(path))?))
    }

    /// Documents whose value at `path` equals the folded `value`.
    fn value(&self, path: &str, value: &str) -> Lowered {
        let low = self.term_of_value(terms::value_term(LOW, path, value).0)?;
        let low = Bounds::exact(low);
        if terms::is_opaque(value) {
            let candidates = if terms::is_searched(path.as_bytes()) {
                let mut docs = self.term(&terms::opaque_term(path))?;
                for word in tokens(value) {
                    docs = docs.and(&self.word(word)?.may);
                }
                docs
            } else {
                self.term(&terms::hashed_term(path, value))?
            };
            return Ok(low.or(&Bounds::unsure(candidates)));
        }
        let (term, cut) = terms::value_term(HIGH, path, value);
        Ok(low.or(&if cut {
            Bounds::unsure(self.term(&term)?)
        } else {
            Bounds::exact(self.term_of_value(term)?)
        }))
    }

    /// Tries every value of a path that the dictionary holds.
    fn scan(&self, path: &str, test: &Test, matches: impl Fn(&str) -> bool) -> Lowered {
        let (mut may, mut must) = (Bits::new(self.max_doc), Bits::new(self.max_doc));
        let side = |value: &[u8]| match std::str::from_utf8(spelling::folded(value)) {
            Ok(value) if matches(value) => Side::Must,
            Ok(_) => Side::No,
            // A cut term is no valid UTF-8.
            Err(_) => Side::May,
        };
        for kind in [LOW, HIGH] {
            self.each_term(&terms::prefix(kind, path), side, &mut may, &mut must)?;
        }
        // `db-*` can't be an id, so nothing needs to be decided on originals.
        if let Test::Is(pattern) = test
            && fold(&pattern.text)
                .chars()
                .any(|c| c != '*' && c != '\\' && !terms::is_opaque_char(c))
        {
            return Ok(Self::bounds(may, must));
        }
        let opaque = self.term(&terms::opaque_term(path))?;
        Ok(Self::bounds(may, must).or(&Bounds::unsure(opaque)))
    }

    /// `message:` looks for words, so its many values need not be gone through.
    fn message(&self, path: &str, test: &Test) -> Lowered {
        let compiled = ValueTest::for_field(test, Field::Message)?;
        if let Test::Is(pattern) = test
            && (pattern.quoted || !pattern.text.contains('*'))
        {
            let folded = fold(&pattern.text);
            let mut candidates = Docs::All;
            for word in tokens(&folded) {
                candidates = candidates.and(&self.word(word)?.may);
            }
            let (mut may, mut must) = (Bits::new(self.max_doc), Bits::new(self.max_doc));
            let side = |value: &[u8]| match std::str::from_utf8(spelling::folded(value)) {
                Ok(value) if compiled.matches(value) => Side::Must,
                _ => Side::No,
            };
            self.each_term(&terms::prefix(LOW, path), side, &mut may, &mut must)?;
            return Ok(Self::bounds(may, must).or(&Bounds::unsure(candidates)));
        }
        self.scan(path, test, |value| compiled.matches(value))
    }

    /// A bare word or phrase in any searched value.
    fn words(&self, words: &Words) -> Lowered {
        let matcher = crate::query::value::WordTest::new(words);
        let folded = fold(&words.text);
        let wild = !words.quoted && words.text.contains('*');
        let (mut may, mut must) = (Bits::new(self.max_doc), Bits::new(self.max_doc));
        // Values with few spellings: each is looked at whole.
        let side = |term: &[u8]| {
            let Some(zero) = term.iter().position(|b| *b == 0) else {
                return Side::No;
            };
            let (path, value) = (&term[..zero], spelling::folded(&term[zero + 1..]));
            match std::str::from_utf8(value) {
                Ok(value) if terms::is_searched(path) && matcher.matches(value) => Side::Must,
                _ => Side::No,
            }
        };
        self.each_term(&[LOW], side, &mut may, &mut must)?;
        let low = Self::bounds(may, must);
        if wild {
            return Ok(low.or(&self.wild_words(&matcher)?));
        }
        let parts: Vec<&str> = tokens(&folded).collect();
        let high = match parts[..] {
            [] => Bounds::exact(Docs::None),
            [word] => self.word(word)?,
            _ => {
                let mut all = Docs::All;
                for word in parts {
                    all = all.and(&self.word(word)?.may);
                }
                Bounds::unsure(all)
            }
        };
        Ok(low.or(&high))
    }

    /// Documents with a word in a value that is not low.
    fn word(&self, word: &str) -> Lowered {
        let (term, cut) = terms::word_term(word);
        let whole = self.term(&term)?;
        let whole = if cut {
            Bounds::unsure(whole)
        } else {
            Bounds::exact(whole)
        };
        Ok(match terms::opaque_word_term(word) {
            Some(term) => whole.or(&Bounds::unsure(self.term(&term)?)),
            None => whole,
        })
    }

    /// Words with `*`: those of the dictionary are tried one by one. A phrase is decided on the original.
    fn wild_words(&self, matcher: &crate::query::value::WordTest) -> Lowered {
        let mut all = Bounds::exact(Docs::All);
        let single = matcher.len() == 1;
        for part in 0..matcher.len() {
            let (mut may, mut must) = (Bits::new(self.max_doc), Bits::new(self.max_doc));
            let side = |word: &[u8]| match std::str::from_utf8(word) {
                Ok(word) if matcher.token_matches(part, word) => Side::Must,
                Ok(_) => Side::No,
                Err(_) => match terms::cut_word(word) {
                    Some((start, opaque)) => {
                        let holds = |c| !opaque || terms::is_opaque_char(c);
                        if matcher.token_may_go_on(part, start, holds) {
                            Side::May
                        } else {
                            Side::No
                        }
                    }
                    None => Side::May,
                },
            };
            self.each_term(&[terms::WORD], side, &mut may, &mut must)?;
            all = all.and(&Self::bounds(may, must));
        }
        if matcher.is_empty() {
            return Ok(Bounds::exact(Docs::None));
        }
        Ok(if single { all } else { Bounds::unsure(all.may) })
    }
}

/// Which set a term's documents belong to.
#[derive(Clone, Copy)]
enum Side {
    No,
    May,
    Must,
}
