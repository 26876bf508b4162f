//! How many of some events have each field that formats fill.

use crate::event::field::Field;
use crate::event::{Event, Outcome};
use crate::format::FILLED;

#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    pub(super) events: u64,
    having: [u64; FILLED.len()],
}

impl Filled {
    pub(super) fn add(&mut self, event: &Event) {
        self.events += 1;
        for (sum, field) in self.having.iter_mut().zip(FILLED) {
            *sum += u64::from(has(event, field));
        }
    }

    /// Percent of the events that have each field.
    pub(super) fn shares(&self) -> impl Iterator<Item = (Field, f64)> + '_ {
        let sums = FILLED.into_iter().zip(&self.having);
        sums.map(|(field, sum)| (field, *sum as f64 * 100.0 / self.events.max(1) as f64))
    }
}

fn has(event: &Event, field: Field) -> bool {
    match field {
        Field::Ts => event.ts.is_some(),
        Field::Actor => event.actor.is_some(),
        Field::Action => event.action.is_some(),
        Field::Target => event.target.is_some(),
        Field::Outcome => event.outcome != Outcome::Unknown,
        Field::Reason => event.reason.is_some(),
        Field::Ip => !event.ip.is_empty(),
        Field::Host => event.host.is_some(),
        Field::Session => event.session.is_some(),
        Field::Severity => event.severity.is_some(),
        _ => event.message.is_some(),
    }
}
