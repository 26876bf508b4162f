//! Findings about journals, in words.

use super::{Asked, whole};
use crate::chain::Finding;
use crate::event::BreakKind;

pub(super) fn no_key() -> Finding {
    whole(
        BreakKind::KeyUnknown,
        "this journal is sealed, but the key to check its seals was not given. Next: --journal-key with a file that holds the \
         verification key, which `journalctl --setup-keys` printed when sealing was set up"
            .into(),
    )
}

pub(super) fn key_without_seals() -> Finding {
    whole(
        BreakKind::Unlinked,
        "a verification key was given, but this journal says that it is not sealed: its structure holds, and nothing stands \
         for its contents. Usual causes: written before sealing was set up, or by another program; made anew without seals. \
         Next: see when sealing was set up on that host"
            .into(),
    )
}

pub(super) fn broken(
    kind: BreakKind,
    offset: Option<u64>,
    words: &str,
    asked: &Asked<'_>,
) -> Finding {
    let at = offset.map_or(String::new(), |offset| format!(" at offset {offset:#x}"));
    let (what, causes) = match kind {
        BreakKind::SignatureBad => (
            "a seal of this journal does not hold",
            "entries changed or taken out after they were sealed; the verification key of another host or an older one",
        ),
        BreakKind::TailTruncated => (
            "this journal is shorter than it says itself",
            "a copy that stopped, a cut",
        ),
        _ => (
            "this journal is not as it was written",
            "an edit; the machine stopped while it was written (journald then sets it aside under a name that ends in ~); a \
             journal that is being written while it is checked",
        ),
    };
    let again = match asked.is_sealed {
        true => {
            "Next: check it again if it is in use (`journalctl --rotate` first), and compare it with a copy"
        }
        false => {
            "Next: check it again if it is in use (`journalctl --rotate` first), and compare it with a copy or with what \
             was forwarded elsewhere"
        }
    };
    Finding {
        offset: offset.unwrap_or(0),
        ..whole(
            kind,
            format!("{what}{at}; journalctl says: {words}. Usual causes: {causes}. {again}"),
        )
    }
}
