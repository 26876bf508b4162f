//! Reading a file again for one search: what its index could not take.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::IngestError;
use super::reading::{InOrder, Reading};
use crate::engine::sink::{Generation, Parsed, Scanner};
use crate::engine::{Cancel, EngineError};
use crate::event::Zone;
use crate::format::{Frame, Registry};
use crate::source::{GenFile, discover, open_stream};

/// Bytes read at once; while they are framed nobody looks whether the search was called off.
const PIECE: usize = 256 << 10;
/// Records that are looked at for the time of one without.
const LOOK_BACK: usize = 20;

/// Reads files from their first byte, leaving out what is indexed.
pub struct FileScanner {
    pub registry: Arc<Registry>,
    /// Zone of times that name none.
    pub zone: Zone,
}

impl Scanner for FileScanner {
    fn scan(
        &self,
        generation: &Generation,
        cancel: &Cancel,
        each: &mut dyn FnMut(Parsed),
    ) -> Result<bool, EngineError> {
        let failed = |error: &dyn std::fmt::Display| {
            EngineError::Index(format!("{}: {error}", generation.path.display()))
        };
        let Some(file) = find(generation) else {
            return Ok(false);
        };
        match self.read(&file, generation, cancel, each) {
            // Renamed this moment.
            Err(IngestError::Source(error)) if error.is_moved() => Ok(false),
            Err(error) => Err(failed(&error)),
            Ok(()) if cancel.is_cancelled() => Err(EngineError::Cancelled),
            Ok(()) => Ok(true),
        }
    }
}

/// The file of a generation: where it was last seen, or beside that under another name.
fn find(generation: &Generation) -> Option<GenFile> {
    let folder = generation.path.parent().map(Path::to_owned);
    let places = std::iter::once(generation.path.clone()).chain(folder);
    places.into_iter().find_map(|place| {
        let roots = discover(&[place]).roots;
        let sets = roots.into_iter().flat_map(|r| r.sets);
        sets.flat_map(|s| s.generations)
            .find(|f| (f.id.dev, f.id.ino) == (generation.dev, generation.ino))
    })
}

impl FileScanner {
    fn read(
        &self,
        file: &GenFile,
        generation: &Generation,
        cancel: &Cancel,
        each: &mut dyn FnMut(Parsed),
    ) -> Result<(), IngestError> {
        let mut stream = open_stream(file)?;
        let mut head = Vec::new();
        (&mut stream)
            .take(64 << 10)
            .read_to_end(&mut head)
            .map_err(IngestError::Read)?;
        let Some(format) = self.registry.get_for(&generation.format, &head) else {
            return Ok(());
        };
        let mut reading = Reading::new(&self.registry, &format, generation, self.zone);
        let mut framer = format.framer(0);
        let (mut order, mut frames) = (InOrder::default(), Vec::new());
        // Records before one that is not indexed: it may take its time from them.
        let mut before: VecDeque<Frame> = VecDeque::with_capacity(LOOK_BACK);
        let mut piece = head;
        loop {
            let ended = piece.is_empty();
            if ended {
                framer.finish(&mut frames);
            } else {
                framer.push(&piece, &mut frames);
            }
            order.extend(&mut frames);
            let resume = if ended {
                u64::MAX
            } else {
                framer.resume_offset()
            };
            for mut frame in order.ready(resume) {
                if cancel.is_cancelled() {
                    return Ok(());
                }
                frame.open = false;
                if generation.has(frame.offset) {
                    before.truncate(LOOK_BACK - 1);
                    before.push_front(frame);
                    continue;
                }
                before.drain(..).rev().for_each(|f| reading.look_back(&f));
                each(reading.parse(frame, Some(1)));
            }
            if ended {
                return Ok(());
            }
            piece.resize(PIECE, 0);
            let got = stream.read(&mut piece).map_err(IngestError::Read)?;
            piece.truncate(got);
        }
    }
}
