//! A block as consensus sees it: bytes, a digest, a height and a parent.

use alloy_primitives::B256;
use alloy_rlp::{Decodable, Encodable};
use commonware_codec::{Buf, EncodeSize, Error, FixedSize, Read, ReadExt, Write};
use commonware_consensus::{Block as ConsensusBlock, BoundedBlock, Heightable, types::Height};
use commonware_cryptography::{Digested, Digestible, sha256};
use commonware_runtime::BufMut;
use limpid_chain::{
    Block,
    block::{MAX_BLOCK_BYTES, transactions_root},
};

/// What validators vote on: the header's hash. The type is any 32 bytes.
pub type Digest = sha256::Digest;

/// A block of the chain, as validators send and store it: its RLP behind its length in four bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedBlock {
    block: Block,
    hash: B256,
}

impl AgreedBlock {
    /// A block whose body is the one that its header names.
    pub fn new(block: Block) -> Self {
        let hash = block.header.hash_slow();
        Self { block, hash }
    }

    /// The block.
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// Its hash.
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// Its height.
    pub const fn number(&self) -> u64 {
        self.block.header.number
    }

    /// With its digest, which is known.
    pub fn digested(self) -> Digested<Self> {
        let digest = self.digest();
        Digested::precomputed(self, digest)
    }

    /// The block that `bytes` encode. The digest is of the header alone, so that a body that is not the header's must
    /// not come in, and neither may a second encoding of the same block.
    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        let block = Block::decode(&mut rest).map_err(|error| Error::Wrapped("block", Box::new(error)))?;
        if !rest.is_empty() {
            return Err(Error::ExtraData(rest.len()));
        }
        let (header, extra) = (&block.header, &block.extra);
        if transactions_root(&block.transactions) != header.transactions_root
            || extra.ommers_hash() != header.ommers_hash
            || extra.withdrawals_root() != header.withdrawals_root
        {
            return Err(Error::Invalid("block", "the body is not the one that the header names"));
        }
        if alloy_rlp::encode(&block) != bytes {
            return Err(Error::Invalid("block", "not encoded as this chain encodes blocks"));
        }
        Ok(Self::new(block))
    }
}

impl Write for AgreedBlock {
    fn write(&self, buf: &mut impl BufMut) {
        let bytes = alloy_rlp::encode(&self.block);
        u32::try_from(bytes.len()).unwrap_or(u32::MAX).write(buf);
        buf.put_slice(&bytes);
    }
}

impl EncodeSize for AgreedBlock {
    fn encode_size(&self) -> usize {
        u32::SIZE.saturating_add(self.block.length())
    }
}

impl Read for AgreedBlock {
    type Cfg = ();

    fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
        let length = usize::try_from(u32::read(buf)?).unwrap_or(usize::MAX);
        if length > MAX_BLOCK_BYTES {
            return Err(Error::Invalid("block", "longer than a block may be"));
        }
        if buf.remaining() < length {
            return Err(Error::EndOfBuffer);
        }
        let mut bytes = vec![0; length];
        buf.copy_to_slice(&mut bytes);
        Self::decode(&bytes)
    }
}

impl Digestible for AgreedBlock {
    type Digest = Digest;

    fn digest(&self) -> Digest {
        sha256::Digest(self.hash.0)
    }
}

impl Heightable for AgreedBlock {
    fn height(&self) -> Height {
        Height::new(self.number())
    }
}

impl ConsensusBlock for AgreedBlock {
    fn parent(&self) -> Digest {
        sha256::Digest(self.block.header.parent_hash.0)
    }
}

impl BoundedBlock for AgreedBlock {
    fn max_encode_size((): &()) -> usize {
        u32::SIZE.saturating_add(MAX_BLOCK_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_eips::eip4895::Withdrawal;
    use commonware_codec::{Decode, Encode};
    use limpid_chain::{Genesis, SystemTx, block::Extra, tx::Phase};

    fn block() -> Block {
        let mut block = Block {
            header: Genesis::dev(31_337).block(Default::default(), B256::ZERO).header,
            transactions: vec![SystemTx { height: 1, phase: Phase::Begin }.into()],
            extra: Extra::default(),
        };
        block.header.transactions_root = transactions_root(&block.transactions);
        block
    }

    fn decode(bytes: Vec<u8>) -> Result<AgreedBlock, Error> {
        AgreedBlock::decode_cfg(commonware_runtime::IoBuf::from(bytes), &())
    }

    fn framed(rlp: &[u8]) -> Vec<u8> {
        [&u32::try_from(rlp.len()).unwrap().to_be_bytes(), rlp].concat()
    }

    #[test]
    fn a_block_travels_whole() {
        let block = AgreedBlock::new(block());
        let bytes = block.encode();
        assert_eq!(bytes.len(), block.encode_size());
        assert_eq!(bytes.as_ref(), framed(&alloy_rlp::encode(block.block())));
        let back = AgreedBlock::decode_cfg(bytes, &()).unwrap();
        assert_eq!(back, block);
        assert_eq!(back.digest().as_ref(), block.block().header.hash_slow().as_slice());
    }

    #[test]
    fn another_body_under_the_same_header_is_refused() {
        let (mut more, mut ommer, mut paid) = (block(), block(), block());
        more.transactions.push(SystemTx { height: 1, phase: Phase::End }.into());
        ommer.extra.ommers.push(ommer.header.clone());
        paid.extra.withdrawals.as_mut().unwrap().push(Withdrawal::default());
        for other in [more, ommer, paid] {
            let refused = decode(framed(&alloy_rlp::encode(&other))).unwrap_err();
            assert!(format!("{refused:?}").contains("the body is not"), "{refused:?}");
        }
    }

    #[test]
    fn other_encodings_are_refused() {
        let good = alloy_rlp::encode(block());
        // The outer list's length with a leading zero, trailing bytes, a cut, and a length nobody may announce.
        let payload = alloy_rlp::Header::decode_bytes(&mut good.as_slice(), true).unwrap().to_vec();
        let long = [&[0xfa, 0][..], &u16::try_from(payload.len()).unwrap().to_be_bytes(), &payload].concat();
        let trailing = [good.as_slice(), &[0x80]].concat();
        for bad in [framed(&long), framed(&trailing), framed(&good[..good.len() - 1]), u32::MAX.to_be_bytes().to_vec()]
        {
            assert!(decode(bad.clone()).is_err(), "{}", bad.len());
        }
        assert!(decode(framed(&good)).is_ok());
    }
}
