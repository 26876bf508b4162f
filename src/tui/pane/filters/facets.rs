//! Which values are counted, in which order, and which of them are shown.

use std::collections::{HashMap, HashSet};

use crate::engine::{Facet, FacetField, FacetOrder, FacetRequest};
use crate::event::field::Field;
use crate::tui::widget::line_editor::LineEditor;

pub(super) const FIELDS: [Field; 10] = [
    Field::Actor,
    Field::Action,
    Field::Target,
    Field::Outcome,
    Field::Ip,
    Field::Host,
    Field::Format,
    Field::Source,
    Field::Severity,
    Field::Chain,
];

/// How many values of a field are shown, one step after the other.
const STEPS: [usize; 3] = [6, 20, 100];
/// How many of those that fit are shown while narrowing.
const NARROWED: usize = 1_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Facets {
    known: HashMap<FacetField, Facet>,
    /// Fields that a person added.
    added: Vec<FacetField>,
    /// Those whose counts are of an earlier query.
    stale: HashSet<FacetField>,
    pub(super) order: FacetOrder,
    limits: HashMap<FacetField, usize>,
    folded: HashSet<FacetField>,
    /// What the shown values have to hold.
    pub(super) narrow: Option<LineEditor>,
}

/// What is shown of one field.
pub(super) struct Shown<'a> {
    pub(super) field: &'a FacetField,
    pub(super) values: Vec<&'a (String, u64)>,
    /// Events under values that are not shown.
    pub(super) other: u64,
    pub(super) missing: u64,
    /// Events with the field.
    pub(super) all: u64,
    pub(super) folded: bool,
    /// It was counted for the query in force.
    pub(super) known: bool,
}

pub(super) fn name(field: &FacetField) -> &str {
    match field {
        FacetField::Normal(field) => field.name(),
        FacetField::Attribute(path) => path,
    }
}

impl Facets {
    fn request(&self, field: FacetField) -> FacetRequest {
        let limit = if self.narrow.is_some() {
            NARROWED
        } else {
            self.limit(&field)
        };
        FacetRequest {
            order: self.order,
            holding: self.needle().unwrap_or_default(),
            ..FacetRequest::new(field, limit)
        }
    }

    fn limit(&self, field: &FacetField) -> usize {
        self.limits.get(field).copied().unwrap_or(STEPS[0])
    }

    /// The values that were counted last, the most frequent first.
    pub(super) fn top(&self, field: &FacetField) -> Vec<String> {
        let known = self.known.get(field);
        let mut values = known.map(|f| f.values.clone()).unwrap_or_default();
        values.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
        values.into_iter().map(|(value, _)| value).collect()
    }

    /// What is counted with every search.
    pub(super) fn requests(&self) -> Vec<FacetRequest> {
        FIELDS
            .map(|field| self.request(FacetField::Normal(field)))
            .to_vec()
    }

    /// What a person added. It may have to be read from the events themselves, so nothing waits for it.
    pub(super) fn requests_added(&self) -> Vec<FacetRequest> {
        self.added.iter().map(|f| self.request(f.clone())).collect()
    }

    pub(super) fn set(&mut self, facets: &[Facet]) {
        let wanted = |f: &&Facet| {
            matches!(f.field, FacetField::Normal(field) if FIELDS.contains(&field))
                || self.added.contains(&f.field)
        };
        let found: Vec<Facet> = facets.iter().filter(wanted).cloned().collect();
        for facet in found {
            self.stale.remove(&facet.field);
            self.known.insert(facet.field.clone(), facet);
        }
    }

    /// Another query is in force: what is counted besides may take a while to follow.
    pub(super) fn outdate(&mut self) {
        self.stale = self.added.iter().cloned().collect();
    }

    pub(super) fn added(&self) -> &[FacetField] {
        &self.added
    }

    /// `false` if it is there already.
    pub(super) fn add(&mut self, field: FacetField) -> bool {
        let standard = matches!(field, FacetField::Normal(f) if FIELDS.contains(&f));
        if standard || self.added.contains(&field) {
            return false;
        }
        self.added.push(field);
        true
    }

    /// `false` if nobody added it.
    pub(super) fn remove(&mut self, field: &FacetField) -> bool {
        let before = self.added.len();
        self.added.retain(|f| f != field);
        let removed = self.added.len() < before;
        if removed {
            self.known.remove(field);
        }
        removed
    }

    pub(super) fn fold(&mut self, field: &FacetField) {
        if !self.folded.remove(field) {
            self.folded.insert(field.clone());
        }
    }

    pub(super) fn is_folded(&self, field: &FacetField) -> bool {
        self.folded.contains(field)
    }

    /// Shows more values of a field; `false` if that is all there is room for.
    pub(super) fn more(&mut self, field: &FacetField) -> bool {
        let now = self.limit(field);
        let more = STEPS.into_iter().find(|step| *step > now);
        if let Some(more) = more {
            self.limits.insert(field.clone(), more);
        }
        more.is_some()
    }

    pub(super) fn toggle_order(&mut self) {
        self.order = match self.order {
            FacetOrder::Frequent => FacetOrder::Rare,
            FacetOrder::Rare => FacetOrder::Frequent,
        };
    }

    /// What the shown values have to hold, if anything.
    pub(super) fn needle(&self) -> Option<String> {
        let needle = self.narrow.as_ref()?.text().trim().to_lowercase();
        (!needle.is_empty()).then_some(needle)
    }

    /// What is shown, field by field; fields without any value are left out, unless a person added them.
    pub(super) fn shown(&self) -> Vec<Shown<'_>> {
        let needle = self.needle();
        let standard = FIELDS.map(FacetField::Normal);
        let standard = standard.iter().filter_map(|field| self.known.get(field));
        let standard = standard
            .filter(|facet| !facet.values.is_empty())
            .map(|facet| self.one(&facet.field, Some(facet), needle.as_deref()));
        let added = self
            .added
            .iter()
            .map(|field| self.one(field, self.known.get(field), needle.as_deref()));
        standard
            .chain(added)
            .filter(|shown| needle.is_none() || !shown.values.is_empty())
            .collect()
    }

    fn one<'a>(
        &self,
        field: &'a FacetField,
        facet: Option<&'a Facet>,
        needle: Option<&str>,
    ) -> Shown<'a> {
        let mut shown = Shown {
            field,
            values: Vec::new(),
            other: 0,
            missing: 0,
            all: 0,
            folded: self.folded.contains(field) && needle.is_none(),
            known: facet.is_some() && !self.stale.contains(field),
        };
        let Some(facet) = facet else {
            return shown;
        };
        shown.all = facet.values.iter().map(|v| v.1).sum::<u64>() + facet.other;
        if let Some(needle) = needle {
            let holds = |v: &&(String, u64)| v.0.to_lowercase().contains(needle);
            shown.values = facet.values.iter().filter(holds).collect();
            return shown;
        }
        if !shown.folded {
            shown.values = facet.values.iter().take(self.limit(field)).collect();
            shown.other = shown.all - shown.values.iter().map(|v| v.1).sum::<u64>();
            shown.missing = facet.missing;
        }
        shown
    }
}
