//! scrypt (RFC 7914), including cost parameters that the RFC rules out but that are on people's disks.
//!
//! The RFC wants N < 2^(16 r). Python's wallets wrote n = 2^18 with r = 1 for years, and the official
//! keystore vectors hold such a file. The `scrypt` crate refuses them, so [`mix_wide`] computes the
//! same function without that bound; the crate does everything else.

use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Words in one 64-byte Salsa20 block.
const WORDS: usize = 16;

/// Derives 32 bytes. The caller has bounded `128 * n * r` bytes and `p`; `n` is a power of two.
pub(crate) fn derive(
    password: &[u8],
    salt: &[u8],
    (n, r, p): (u64, u32, u32),
    out: &mut [u8; 32],
) -> Result<(), &'static str> {
    const INVALID: &str = "scrypt's parameters are invalid";
    // A power of two has an exact logarithm; it is below 64.
    let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| INVALID)?;
    if r > 0 && p > 0 && u32::from(log_n) >= r.saturating_mul(16) {
        return derive_wide(password, salt, (n, r, p), out).ok_or(INVALID);
    }
    let params = scrypt::Params::new(log_n, r, p, 32).map_err(|_| INVALID)?;
    scrypt::scrypt(password, salt, &params, out).map_err(|_| INVALID)
}

fn derive_wide(password: &[u8], salt: &[u8], (n, r, p): (u64, u32, u32), out: &mut [u8; 32]) -> Option<()> {
    let (n, words) = (usize::try_from(n).ok()?, usize::try_from(r).ok()?.checked_mul(2 * WORDS)?);
    let lane_bytes = words.checked_mul(4)?;
    let mut lanes = Zeroizing::new(vec![0u8; lane_bytes.checked_mul(usize::try_from(p).ok()?)?]);
    pbkdf2_hmac::<Sha256>(password, salt, 1, &mut lanes);
    for lane in lanes.chunks_exact_mut(lane_bytes) {
        mix_wide(lane, n, words)?;
    }
    pbkdf2_hmac::<Sha256>(password, &lanes, 1, out);
    Some(())
}

/// scryptROMix over one lane of `words` words.
fn mix_wide(lane: &mut [u8], n: usize, words: usize) -> Option<()> {
    let mut block: Zeroizing<Vec<u32>> =
        Zeroizing::new(lane.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect());
    let mut next = Zeroizing::new(vec![0u32; words]);
    let mut history = Zeroizing::new(Vec::with_capacity(n.checked_mul(words)?));
    for _ in 0..n {
        history.extend_from_slice(&block);
        mix_block(&block, &mut next);
        std::mem::swap(&mut block, &mut next);
    }
    for _ in 0..n {
        // Integerify: the last Salsa block's first word; n is a power of two of at most 2^32.
        let pick = usize::try_from(*block.get(words.checked_sub(WORDS)?)?).ok()? & (n - 1);
        let start = pick.checked_mul(words)?;
        for (word, old) in block.iter_mut().zip(history.get(start..start.checked_add(words)?)?) {
            *word ^= old;
        }
        mix_block(&block, &mut next);
        std::mem::swap(&mut block, &mut next);
    }
    for (bytes, word) in lane.as_chunks_mut::<4>().0.iter_mut().zip(block.iter()) {
        *bytes = word.to_le_bytes();
    }
    Some(())
}

/// scryptBlockMix: even results to the front half, odd ones to the back.
fn mix_block(block: &[u32], out: &mut [u32]) {
    let parts = block.as_chunks::<WORDS>().0;
    let Some(mut state) = parts.last().copied() else { return };
    let (front, back) = out.split_at_mut(block.len() / 2);
    let (front, back) = (front.as_chunks_mut::<WORDS>().0, back.as_chunks_mut::<WORDS>().0);
    let places = front.iter_mut().zip(back.iter_mut()).flat_map(|(even, odd)| [even, odd]);
    for (part, place) in parts.iter().zip(places) {
        for (word, other) in state.iter_mut().zip(part) {
            *word ^= other;
        }
        salsa20_8(&mut state);
        *place = state;
    }
}

/// The Salsa20 core with 8 rounds. Every index is a constant below 16.
#[allow(clippy::indexing_slicing)]
fn salsa20_8(state: &mut [u32; WORDS]) {
    const COLUMNS: [[usize; 4]; 4] = [[0, 4, 8, 12], [5, 9, 13, 1], [10, 14, 2, 6], [15, 3, 7, 11]];
    const ROWS: [[usize; 4]; 4] = [[0, 1, 2, 3], [5, 6, 7, 4], [10, 11, 8, 9], [15, 12, 13, 14]];
    let mut x = *state;
    for _ in 0..4 {
        for [a, b, c, d] in COLUMNS.into_iter().chain(ROWS) {
            x[b] ^= x[a].wrapping_add(x[d]).rotate_left(7);
            x[c] ^= x[b].wrapping_add(x[a]).rotate_left(9);
            x[d] ^= x[c].wrapping_add(x[b]).rotate_left(13);
            x[a] ^= x[d].wrapping_add(x[c]).rotate_left(18);
        }
    }
    for (word, mixed) in state.iter_mut().zip(x) {
        *word = word.wrapping_add(mixed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the crate accepts the parameters, both paths agree.
    #[test]
    fn the_wide_path_computes_scrypt() {
        for (n, r, p) in [(2, 1, 1), (16, 1, 1), (1024, 8, 2), (64, 3, 5)] {
            let (mut ours, mut theirs) = ([0u8; 32], [0u8; 32]);
            derive_wide(b"password", b"NaCl", (n, r, p), &mut ours).unwrap();
            derive(b"password", b"NaCl", (n, r, p), &mut theirs).unwrap();
            assert_eq!(ours, theirs, "{n} {r} {p}");
        }
    }

    #[test]
    fn impossible_parameters_are_errors() {
        for (n, r, p) in [(1 << 18, 0, 1), (1 << 18, 1, 0), (16, u32::MAX, u32::MAX)] {
            assert!(derive(b"", b"", (n, r, p), &mut [0; 32]).is_err(), "{n} {r} {p}");
        }
    }
}
