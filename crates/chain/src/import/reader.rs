//! Blocks from a file: RLP items one after the other.

use crate::{block::Block, error::ChainError};
use alloy_rlp::Decodable;
use std::io::{ErrorKind, Read};

/// Bytes of one block at most: far more than any chain allows.
const MOST_BYTES: u64 = 128 << 20;

/// Reads blocks one by one, so that files may be larger than memory. The first error ends it.
#[derive(Debug)]
pub struct BlockReader<R> {
    input: R,
    read: u64,
    done: bool,
}

impl<R: Read> BlockReader<R> {
    /// Blocks from `input`, which should be buffered.
    pub const fn new(input: R) -> Self {
        Self { input, read: 0, done: false }
    }

    fn failed(&self, why: impl std::fmt::Display) -> ChainError {
        ChainError::Import(format!("the file of blocks is damaged after {} blocks: {why}", self.read))
    }

    fn exactly(&mut self, into: &mut [u8]) -> Result<(), ChainError> {
        let read = self.input.read_exact(into);
        read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => self.failed("it ends within a block"),
            _ => self.failed(error),
        })
    }

    fn block(&mut self) -> Result<Option<Block>, ChainError> {
        let mut first = [0];
        match self.input.read_exact(&mut first) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        }
        let [first] = first;
        let mut encoded = vec![first];
        let length = match first {
            0xc0..=0xf7 => u64::from(first.saturating_sub(0xc0)),
            0xf8.. => {
                let mut size = vec![0; usize::from(first.saturating_sub(0xf7))];
                self.exactly(&mut size)?;
                encoded.extend_from_slice(&size);
                size.iter().fold(0, |length: u64, byte| length.saturating_mul(256).saturating_add((*byte).into()))
            }
            _ => return Err(self.failed(format!("byte {first:#04x} begins no RLP list"))),
        };
        if length > MOST_BYTES {
            return Err(self.failed(format!("a block of {length} bytes")));
        }
        // Memory is only taken for what is there.
        let got = self.input.by_ref().take(length).read_to_end(&mut encoded).map_err(|error| self.failed(error))?;
        if u64::try_from(got).unwrap_or(u64::MAX) < length {
            return Err(self.failed("it ends within a block"));
        }
        let mut rest = encoded.as_slice();
        let block = Block::decode(&mut rest).map_err(|error| self.failed(error))?;
        if !rest.is_empty() {
            return Err(self.failed("bytes are left over in a block"));
        }
        self.read = self.read.saturating_add(1);
        Ok(Some(block))
    }
}

impl<R: Read> Iterator for BlockReader<R> {
    type Item = Result<Block, ChainError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let block = self.block().transpose();
        self.done = !matches!(block, Some(Ok(_)));
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Extra;
    use alloy_consensus::Header;

    #[test]
    fn blocks_one_by_one_and_damage_is_named() {
        let block = |number| Block {
            header: Header { number, ..Header::default() },
            transactions: Vec::new(),
            extra: Extra { withdrawals: None, ..Extra::default() },
        };
        let file = [alloy_rlp::encode(block(1)), alloy_rlp::encode(block(2))].concat();
        let all: Vec<_> = BlockReader::new(file.as_slice()).collect::<Result<_, _>>().unwrap();
        assert_eq!(all, [block(1), block(2)]);
        assert_eq!(BlockReader::new([].as_slice()).count(), 0);
        let cases: [(&[u8], &str); 4] = [
            (&file[..file.len() - 1], "after 1 blocks: it ends within a block"),
            (&[0x80], "begins no RLP list"),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a block of"),
            (&[0xc1, 0x80], "damaged"),
        ];
        for (file, words) in cases {
            let error = BlockReader::new(file).find_map(Result::err).unwrap().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
