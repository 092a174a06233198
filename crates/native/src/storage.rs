//! Typed handles on storage slots.
//!
//! A slot key is `tag(1) ‖ word(1) ‖ key(30)`: the tag is the field's number in its contract, the
//! word counts the words of a value wider than 32 bytes, and the key is right-aligned. Keys of up to
//! 30 bytes stand there unhashed (a 64-byte keccak costs 0.33 us, a tenth of a swap). Wider keys, and
//! every 256-bit id that a user can choose, are hashed; the hash's first two bytes make room for tag
//! and word, so that no choice of key can reach another field.
//!
//! ```
//! use alloy_primitives::{Address, U256, address};
//! use limpid_native::storage::{Key, slot};
//! let holder = address!("0x00000000000000000000000000000000000000aa");
//! assert_eq!(slot(3, 1, holder.direct().unwrap()), U256::from(3) << 248 | U256::from(1) << 240 | U256::from(0xaa));
//! ```

use crate::{Ctx, LayoutField, Result, gas};
use alloy_primitives::{Address, B256, U256, aliases::U112};
use std::marker::PhantomData;

/// A part of a contract's layout: one or more tags.
pub trait Field<'a>: Sized {
    /// How many tags it takes.
    const TAGS: u8;

    /// The field with its first tag.
    fn at(cx: Ctx<'a>, tag: u8) -> Self;

    /// Its rows of the published layout.
    fn layout(name: &str, ty: &str, tag: u8) -> Vec<LayoutField> {
        vec![LayoutField { name: name.into(), tag, ty: ty.into() }]
    }
}

/// The slot of a tag, a word and a key.
pub fn slot(tag: u8, word: u8, key: U256) -> U256 {
    (U256::from(tag) << 248) | (U256::from(word) << 240) | key
}

/// What a mapping can be asked for.
pub trait Key: Copy {
    /// The key in at most 30 bytes, or `None` when it must be hashed.
    fn direct(self) -> Option<U256>;

    /// The key's bytes, for hashing.
    fn bytes(self) -> Vec<u8>;
}

fn located<K: Key>(cx: Ctx<'_>, tag: u8, key: K) -> Result<U256> {
    if let Some(direct) = key.direct() {
        return Ok(direct);
    }
    let mut input = key.bytes();
    input.push(tag);
    let hash = U256::from_be_bytes(cx.keccak256(&input)?.0);
    Ok((hash << 16usize) >> 16usize)
}

impl Key for Address {
    fn direct(self) -> Option<U256> {
        Some(U256::from_be_slice(self.as_slice()))
    }
    fn bytes(self) -> Vec<u8> {
        self.to_vec()
    }
}

impl Key for u64 {
    fn direct(self) -> Option<U256> {
        Some(U256::from(self))
    }
    fn bytes(self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }
}

impl Key for B256 {
    fn direct(self) -> Option<U256> {
        None
    }
    fn bytes(self) -> Vec<u8> {
        self.to_vec()
    }
}

impl Key for (Address, u64) {
    fn direct(self) -> Option<U256> {
        Some((U256::from_be_slice(self.0.as_slice()) << 64) | U256::from(self.1))
    }
    fn bytes(self) -> Vec<u8> {
        [self.0.as_slice(), &self.1.to_be_bytes()].concat()
    }
}

impl Key for (Address, Address) {
    fn direct(self) -> Option<U256> {
        None
    }
    fn bytes(self) -> Vec<u8> {
        [self.0.as_slice(), self.1.as_slice()].concat()
    }
}

/// A value that storage can hold, in one or more words.
pub trait Storable: Sized {
    /// How many words it takes.
    const WORDS: u8;

    /// Reads it. Untouched storage must read as a valid value.
    fn load(read: &mut dyn FnMut(u8) -> Result<U256>) -> Result<Self>;

    /// Writes it.
    fn store(&self, write: &mut dyn FnMut(u8, U256) -> Result<()>) -> Result<()>;
}

/// A value of at most 32 bytes, which a derived [`Storable`] packs beside others.
pub trait Pack: Sized {
    /// Its width in bytes.
    const BYTES: u8;

    /// The value as a number below `256^BYTES`.
    fn pack(&self) -> U256;

    /// The value of a number below `256^BYTES`.
    fn unpack(word: U256) -> Self;
}

impl<T: Pack> Storable for T {
    const WORDS: u8 = 1;

    fn load(read: &mut dyn FnMut(u8) -> Result<U256>) -> Result<Self> {
        read(0).map(T::unpack)
    }
    fn store(&self, write: &mut dyn FnMut(u8, U256) -> Result<()>) -> Result<()> {
        write(0, self.pack())
    }
}

impl Pack for U256 {
    const BYTES: u8 = 32;
    fn pack(&self) -> U256 {
        *self
    }
    fn unpack(word: U256) -> Self {
        word
    }
}

impl Pack for B256 {
    const BYTES: u8 = 32;
    fn pack(&self) -> U256 {
        (*self).into()
    }
    fn unpack(word: U256) -> Self {
        word.into()
    }
}

impl Pack for Address {
    const BYTES: u8 = 20;
    fn pack(&self) -> U256 {
        U256::from_be_slice(self.as_slice())
    }
    fn unpack(word: U256) -> Self {
        Self::from_word(word.into())
    }
}

impl Pack for U112 {
    const BYTES: u8 = 14;
    fn pack(&self) -> U256 {
        U256::from(*self)
    }
    fn unpack(word: U256) -> Self {
        word.wrapping_to()
    }
}

impl Pack for bool {
    const BYTES: u8 = 1;
    fn pack(&self) -> U256 {
        U256::from(u8::from(*self))
    }
    fn unpack(word: U256) -> Self {
        !word.is_zero()
    }
}

macro_rules! pack_integers {
    ($($ty:ty),*) => {$(
        impl Pack for $ty {
            const BYTES: u8 = (<$ty>::BITS / 8) as u8;
            fn pack(&self) -> U256 {
                U256::from(*self)
            }
            fn unpack(word: U256) -> Self {
                word.wrapping_to()
            }
        }
    )*};
}
pack_integers!(u8, u16, u32, u64, u128);

/// Where a packed part stands: its word, and its distance from the word's low end in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The word.
    pub word: u8,
    /// Bytes from the low end.
    pub offset: u8,
}

/// Packs parts in order, low end first; a part never straddles two words.
#[allow(clippy::indexing_slicing)] // a const function has no iterators; the bounds are N itself
pub const fn place<const N: usize>(sizes: [u8; N]) -> [Place; N] {
    let mut places = [Place { word: 0, offset: 0 }; N];
    let (mut i, mut word, mut offset) = (0, 0u8, 0u8);
    while i < N {
        if offset + sizes[i] > 32 {
            word += 1;
            offset = 0;
        }
        places[i] = Place { word, offset };
        offset += sizes[i];
        i += 1;
    }
    places
}

/// How many words `place` fills.
#[allow(clippy::indexing_slicing)]
pub const fn words<const N: usize>(sizes: [u8; N]) -> u8 {
    if N == 0 { 0 } else { place(sizes)[N - 1].word + 1 }
}

/// Cuts a part out of its word.
pub fn cut<T: Pack>(word: U256, place: Place) -> T {
    let shifted = word >> (usize::from(place.offset) * 8);
    let spare = 256 - usize::from(T::BYTES) * 8;
    T::unpack((shifted << spare) >> spare)
}

/// Puts a part into its word, whose place is still zero.
pub fn put<T: Pack>(word: U256, place: Place, value: &T) -> U256 {
    word | (value.pack() << (usize::from(place.offset) * 8))
}

fn load<T: Storable>(cx: Ctx<'_>, tag: u8, key: U256) -> Result<T> {
    T::load(&mut |word| cx.sload(slot(tag, word, key)))
}

fn store<T: Storable>(cx: Ctx<'_>, tag: u8, key: U256, value: &T) -> Result<()> {
    value.store(&mut |word, content| cx.sstore(slot(tag, word, key), content))
}

/// One value.
pub struct Slot<'a, T> {
    cx: Ctx<'a>,
    tag: u8,
    value: PhantomData<T>,
}

impl<'a, T: Storable> Field<'a> for Slot<'a, T> {
    const TAGS: u8 = 1;
    fn at(cx: Ctx<'a>, tag: u8) -> Self {
        Self { cx, tag, value: PhantomData }
    }
}

impl<T: Storable> Slot<'_, T> {
    /// Reads the value.
    pub fn get(&self) -> Result<T> {
        load(self.cx, self.tag, U256::ZERO)
    }

    /// Writes the value.
    pub fn set(&mut self, value: T) -> Result<()> {
        store(self.cx, self.tag, U256::ZERO, &value)
    }
}

/// A value for every key.
pub struct Map<'a, K, V> {
    cx: Ctx<'a>,
    tag: u8,
    types: PhantomData<(K, V)>,
}

impl<'a, K: Key, V: Storable> Field<'a> for Map<'a, K, V> {
    const TAGS: u8 = 1;
    fn at(cx: Ctx<'a>, tag: u8) -> Self {
        Self { cx, tag, types: PhantomData }
    }
}

impl<K: Key, V: Storable> Map<'_, K, V> {
    /// Reads the value of `key`.
    pub fn get(&self, key: K) -> Result<V> {
        load(self.cx, self.tag, located(self.cx, self.tag, key)?)
    }

    /// Writes the value of `key`.
    pub fn set(&mut self, key: K, value: V) -> Result<()> {
        store(self.cx, self.tag, located(self.cx, self.tag, key)?, &value)
    }
}

/// A list for every key, with order-changing removal. `Map<K, _>` for its lengths and items.
pub struct List<'a, K, V> {
    lengths: Map<'a, K, u64>,
    cx: Ctx<'a>,
    tag: u8,
    types: PhantomData<V>,
}

impl<'a, K: Key, V: Storable> Field<'a> for List<'a, K, V> {
    const TAGS: u8 = 2;
    fn at(cx: Ctx<'a>, tag: u8) -> Self {
        Self { lengths: Map::at(cx, tag), cx, tag: tag.wrapping_add(1), types: PhantomData }
    }
}

impl<K: Key, V: Storable> List<'_, K, V> {
    fn item(&self, key: K, index: u64) -> Result<U256> {
        let mut input = key.bytes();
        input.extend_from_slice(&index.to_be_bytes());
        input.push(self.tag);
        let hash = U256::from_be_bytes(self.cx.keccak256(&input)?.0);
        Ok((hash << 16usize) >> 16usize)
    }

    /// How many items `key` has.
    pub fn len(&self, key: K) -> Result<u64> {
        self.lengths.get(key)
    }

    /// Item `index` of `key`, or `None` past the end.
    pub fn get(&self, key: K, index: u64) -> Result<Option<V>> {
        if index >= self.len(key)? {
            return Ok(None);
        }
        load(self.cx, self.tag, self.item(key, index)?).map(Some)
    }

    /// A page of a listing: `row` of each item from `offset` on, `limit` of them and never more than `most`. Each is
    /// charged [`gas::ROW`]; past the end there are none.
    pub fn page<R>(
        &self,
        key: K,
        (offset, limit): (U256, U256),
        most: u64,
        mut row: impl FnMut(V) -> Result<R>,
    ) -> Result<Vec<R>> {
        let first: u64 = offset.saturating_to();
        let end = first.saturating_add(limit.saturating_to::<u64>().min(most)).min(self.len(key)?);
        let mut rows = Vec::new();
        for index in first..end {
            self.cx.charge(gas::ROW)?;
            rows.push(row(load(self.cx, self.tag, self.item(key, index)?)?)?);
        }
        Ok(rows)
    }

    /// Appends an item, answering its index.
    pub fn push(&mut self, key: K, value: V) -> Result<u64> {
        let index = self.len(key)?;
        store(self.cx, self.tag, self.item(key, index)?, &value)?;
        self.lengths.set(key, index.saturating_add(1))?;
        Ok(index)
    }

    /// Replaces item `index`, which must exist.
    pub fn set(&mut self, key: K, index: u64, value: V) -> Result<()> {
        store(self.cx, self.tag, self.item(key, index)?, &value)
    }

    /// Takes the last item off.
    pub fn pop(&mut self, key: K) -> Result<Option<V>> {
        let Some(last) = self.len(key)?.checked_sub(1) else {
            return Ok(None);
        };
        let at = self.item(key, last)?;
        let value = load(self.cx, self.tag, at)?;
        for word in 0..V::WORDS {
            self.cx.sstore(slot(self.tag, word, at), U256::ZERO)?;
        }
        self.lengths.set(key, last)?;
        Ok(Some(value))
    }
}

/// A text of at most 127 bytes of UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// The longest text, in bytes.
    pub const LIMIT: usize = 127;

    /// The text, or `None` when it is too long.
    pub fn new(text: &str) -> Option<Self> {
        (text.len() <= Self::LIMIT).then(|| Self(text.into()))
    }

    /// The text as a string slice.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Up to 31 bytes share the first word with the length in its last byte; a longer text leaves only
/// the length there and fills the words after it.
impl Storable for Text {
    const WORDS: u8 = 5;

    fn load(read: &mut dyn FnMut(u8) -> Result<U256>) -> Result<Self> {
        let first = read(0)?.to_be_bytes::<32>();
        let length = usize::from(first.last().copied().unwrap_or_default());
        let mut bytes = Vec::with_capacity(length);
        if length < 32 {
            bytes.extend_from_slice(&first);
        } else {
            for word in 1..Self::WORDS.min(1 + length.div_ceil(32) as u8) {
                bytes.extend_from_slice(&read(word)?.to_be_bytes::<32>());
            }
        }
        bytes.truncate(length);
        Ok(Self(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn store(&self, write: &mut dyn FnMut(u8, U256) -> Result<()>) -> Result<()> {
        let bytes = self.0.as_bytes();
        let length = U256::from(bytes.len());
        if bytes.len() < 32 {
            return write(0, left_aligned(bytes) | length);
        }
        write(0, length)?;
        for (word, chunk) in (1u8..).zip(bytes.chunks(32)) {
            write(word, left_aligned(chunk))?;
        }
        Ok(())
    }
}

fn left_aligned(bytes: &[u8]) -> U256 {
    let spare = 32usize.saturating_sub(bytes.len());
    if spare == 32 { U256::ZERO } else { U256::from_be_slice(bytes) << (spare * 8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_never_straddle_words() {
        let at = |word, offset| Place { word, offset };
        assert_eq!(place([20, 8, 4, 1]), [at(0, 0), at(0, 20), at(0, 28), at(1, 0)]);
        assert_eq!(words([20, 8, 4, 1]), 2);
        assert_eq!(place([20, 20]), [at(0, 0), at(1, 0)]);
    }

    #[test]
    fn a_part_survives_its_neighbours() {
        let [low, high] = place([14, 4]);
        let word = put(put(U256::ZERO, low, &U112::MAX), high, &7u32);
        assert_eq!(cut::<U112>(word, low), U112::MAX);
        assert_eq!(cut::<u32>(word, high), 7);
    }

    #[test]
    fn texts_of_every_length_come_back() {
        for length in 0..=Text::LIMIT {
            let text = Text::new(&"x".repeat(length)).unwrap();
            let mut words = [U256::ZERO; 5];
            text.store(&mut |word, content| {
                words[usize::from(word)] = content;
                Ok(())
            })
            .unwrap();
            assert_eq!(Text::load(&mut |word| Ok(words[usize::from(word)])).unwrap(), text);
        }
        assert_eq!(Text::new(&"x".repeat(128)), None);
    }

    #[test]
    fn keys_keep_to_thirty_bytes() {
        let limit = U256::from(1) << 240;
        assert!(Address::repeat_byte(0xff).direct().unwrap() < limit);
        assert!((Address::repeat_byte(0xff), u64::MAX).direct().unwrap() < limit);
        assert_eq!(B256::ZERO.direct(), None, "an id that a user chooses is always hashed");
    }
}
