//! Waiting for a condition: until it holds or the deadline has passed, woken by what the engine tells.

use std::time::{Duration, Instant};

use auditty::engine::{Engine, TailRequest, Watermark};
use auditty::query::Query;

/// Far more than anything here takes on a busy machine; only a failing test waits that long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// Longest time between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Looks until `look` gives a value; its last error is the reason of the failure.
pub(crate) fn until<T>(
    engine: &dyn Engine,
    what: &str,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + DEADLINE;
    let mut tail = engine
        .tail(&TailRequest::new(Query::default(), Watermark(u64::MAX)))
        .unwrap();
    loop {
        match look() {
            Ok(value) => return value,
            Err(why) if Instant::now() >= deadline => {
                let info = engine.info();
                let errors: Vec<_> = info
                    .sources
                    .iter()
                    .filter_map(|s| s.error.as_ref())
                    .collect();
                let said = info.messages;
                panic!("{what} in {DEADLINE:?}: {why}; the engine said {said:?}, {errors:?}");
            }
            Err(_) => {}
        }
        let _ = tail.recv(LOOK);
    }
}
