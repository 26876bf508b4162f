//! The originals: frames as read, in an append-only file of zstd blocks beside the index.
//!
//! A block is `compressed length u32 | raw length u32 | zstd data`; inside, entries of `length u32 | cut u64 | bytes`.
//! The length of the file that counts is stored with each commit; what a killed writer left behind it is cut off.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustix::fs::FallocateFlags;

/// Raw bytes after which a block is closed.
const BLOCK: usize = 64 << 10;
/// Blocks kept decompressed; a page of neighbours needs a handful, one of scattered events as many as it has rows.
const CACHED: usize = 128;
const LEVEL: i32 = 1;
const HEADER: usize = 8;
const ENTRY_HEADER: usize = 12;
/// A block larger than this was not written by us.
const MAX_RAW: u32 = 64 << 20;

/// Address of an entry: block offset << 16 | index in the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address(pub(crate) u64);

impl Address {
    /// Offset of its block. A block holds records of one generation only.
    pub(crate) fn block(self) -> u64 {
        self.0 >> 16
    }
}

/// Collects frames into blocks, compressed by the calling thread.
#[derive(Default)]
pub(crate) struct Packer {
    compressor: Option<zstd::bulk::Compressor<'static>>,
    raw: Vec<u8>,
    entries: u16,
    /// Closed blocks with the number of entries of each.
    blocks: Vec<(Vec<u8>, u16)>,
    /// (block, entry) of each frame added.
    slots: Vec<(usize, u16)>,
}

impl Packer {
    /// Adds a frame; `cut` bytes of it were not kept when it was read.
    pub(crate) fn add(&mut self, bytes: &[u8], cut: u64) -> io::Result<()> {
        self.slots.push((self.blocks.len(), self.entries));
        // A frame is at most FRAME_LIMIT bytes long.
        self.raw
            .extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.raw.extend_from_slice(&cut.to_le_bytes());
        self.raw.extend_from_slice(bytes);
        self.entries += 1;
        if self.raw.len() >= BLOCK || self.entries == u16::MAX {
            self.close()
        } else {
            Ok(())
        }
    }

    fn close(&mut self) -> io::Result<()> {
        if self.entries == 0 {
            return Ok(());
        }
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(LEVEL)?),
        };
        let packed = compressor.compress(&self.raw)?;
        let mut block = Vec::with_capacity(packed.len() + HEADER);
        block.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        block.extend_from_slice(&(self.raw.len() as u32).to_le_bytes());
        block.extend_from_slice(&packed);
        self.blocks.push((block, self.entries));
        self.raw.clear();
        self.entries = 0;
        Ok(())
    }
}

struct Cache {
    blocks: VecDeque<(u64, Arc<Vec<Bytes>>)>,
}

/// The file, for reading and (by the index's writer only) appending.
pub(crate) struct Originals {
    file: File,
    len: Mutex<u64>,
    cache: Mutex<Cache>,
}

impl Originals {
    /// Opens the file, creating it if missing, private to its owner.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let len = file.metadata()?.len();
        Ok(Self {
            file,
            len: Mutex::new(len),
            cache: Mutex::new(Cache {
                blocks: VecDeque::new(),
            }),
        })
    }

    /// Cuts off what a killed writer left beyond the last commit.
    pub(crate) fn truncate(&self, len: u64) -> io::Result<()> {
        let mut current = self.len.lock().unwrap_or_else(PoisonError::into_inner);
        if self.file.metadata()?.len() < len {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the originals are shorter than the index says",
            ));
        }
        self.file.set_len(len)?;
        *current = len;
        Ok(())
    }

    /// Bytes in the file now, whoever wrote them.
    pub(crate) fn on_disk(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Bytes written so far.
    pub(crate) fn len(&self) -> u64 {
        *self.len.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Appends the packed blocks and empties the packer; returns the address of every frame in the order added.
    pub(crate) fn append(&self, packer: &mut Packer) -> io::Result<Vec<Address>> {
        packer.close()?;
        let mut len = self.len.lock().unwrap_or_else(PoisonError::into_inner);
        let mut starts = Vec::with_capacity(packer.blocks.len());
        let mut at = *len;
        for (block, _) in &packer.blocks {
            starts.push(at);
            self.file.write_all_at(block, at)?;
            at += block.len() as u64;
        }
        *len = at;
        drop(len);
        packer.blocks.clear();
        let slots = packer.slots.drain(..);
        Ok(slots
            .map(|(block, entry)| Address(starts[block] << 16 | u64::from(entry)))
            .collect())
    }

    /// The frame at an address, with how many bytes were cut from it. `NotFound` = its room was given back.
    pub(crate) fn get(&self, address: Address) -> io::Result<(Bytes, u64)> {
        let block = self.block(address.block())?;
        let entry = block
            .get((address.0 & 0xffff) as usize)
            .ok_or_else(damaged)?;
        let cut = entry[4..ENTRY_HEADER].try_into().map_err(|_| damaged())?;
        Ok((entry.slice(ENTRY_HEADER..), u64::from_le_bytes(cut)))
    }

    /// Gives the room of blocks back to the disk: holes in the file, where its file system knows them.
    pub(crate) fn give_back(&self, blocks: &BTreeSet<u64>) -> io::Result<()> {
        let mut runs: Vec<Range<u64>> = Vec::new();
        for block in blocks {
            let (packed, _) = self.header(*block)?;
            let end = block + HEADER as u64 + u64::from(packed);
            match runs.last_mut() {
                Some(run) if run.end == *block => run.end = end,
                _ => runs.push(*block..end),
            }
        }
        self.cache
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocks
            .retain(|(offset, _)| !blocks.contains(offset));
        for run in runs {
            let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            match rustix::fs::fallocate(&self.file, hole, run.start, run.end - run.start) {
                Err(rustix::io::Errno::OPNOTSUPP) => return Ok(()),
                other => other?,
            }
        }
        Ok(())
    }

    /// Packed and raw length of a block.
    fn header(&self, offset: u64) -> io::Result<(u32, u32)> {
        let mut header = [0u8; HEADER];
        self.file.read_exact_at(&mut header, offset)?;
        let packed = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let raw = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        if (packed, raw) == (0, 0) {
            return Err(io::Error::new(io::ErrorKind::NotFound, "given back"));
        }
        if raw > MAX_RAW || packed > MAX_RAW {
            return Err(damaged());
        }
        Ok((packed, raw))
    }

    fn block(&self, offset: u64) -> io::Result<Arc<Vec<Bytes>>> {
        {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = cache.blocks.iter().position(|(o, _)| *o == offset)
                && let Some(found) = cache.blocks.remove(at)
            {
                let entries = found.1.clone();
                cache.blocks.push_front(found);
                return Ok(entries);
            }
        }
        let entries = Arc::new(self.read_block(offset)?);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.blocks.push_front((offset, entries.clone()));
        cache.blocks.truncate(CACHED);
        Ok(entries)
    }

    fn read_block(&self, offset: u64) -> io::Result<Vec<Bytes>> {
        let (packed, raw) = self.header(offset)?;
        let mut data = vec![0u8; packed as usize];
        self.file.read_exact_at(&mut data, offset + HEADER as u64)?;
        let raw = Bytes::from(zstd::bulk::decompress(&data, raw as usize)?);
        let mut entries = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            let length: [u8; 4] = raw
                .get(at..at + 4)
                .and_then(|b| b.try_into().ok())
                .ok_or_else(damaged)?;
            let end = at + ENTRY_HEADER + u32::from_le_bytes(length) as usize;
            if end > raw.len() {
                return Err(damaged());
            }
            entries.push(raw.slice(at..end));
            at = end;
        }
        Ok(entries)
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the originals are damaged")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_a_killed_tail_is_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("originals");
        let originals = Originals::open(&path).unwrap();
        let frames: Vec<Vec<u8>> = (0..500u32)
            .map(|i| vec![i as u8; (i as usize * 37) % 3000])
            .collect();
        let mut packer = Packer::default();
        for (i, f) in frames.iter().enumerate() {
            packer.add(f, i as u64 % 3).unwrap();
        }
        let addresses = originals.append(&mut packer).unwrap();
        let kept = originals.len();
        let mut more = Packer::default();
        more.add(b"lost", 0).unwrap();
        originals.append(&mut more).unwrap();
        drop(originals);

        let originals = Originals::open(&path).unwrap();
        originals.truncate(kept).unwrap();
        for (i, (address, frame)) in addresses.iter().zip(&frames).enumerate().rev() {
            let (bytes, cut) = originals.get(*address).unwrap();
            assert_eq!((&bytes[..], cut), (&frame[..], i as u64 % 3));
        }
        originals
            .give_back(&BTreeSet::from([addresses[0].block()]))
            .unwrap();
        let hole = originals.get(addresses[0]).unwrap_err();
        assert_eq!(hole.kind(), io::ErrorKind::NotFound);
        assert!(originals.get(addresses[499]).is_ok());
        assert!(originals.truncate(kept + 1).is_err());
        assert!(originals.get(Address(kept << 16)).is_err());
    }
}
