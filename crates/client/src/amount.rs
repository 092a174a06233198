//! Amounts as people write them, exactly.

use alloy_primitives::U256;
use serde_json::{Value, json};

/// More decimals than this make no unit: 10^77 is the last power of ten in 256 bits.
pub const MAX_DECIMALS: u8 = 77;

/// What a number of smallest units means to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// `LIM`, `USDL`.
    pub symbol: String,
    /// One whole is 10^decimals smallest units.
    pub decimals: u8,
}

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("`{0}` is not an amount: write digits with at most one point, such as 12.5 (no commas, no exponent)")]
    NotANumber(String),
    /// Below zero.
    #[error("`{0}` is below zero: every amount is counted from zero up")]
    Negative(String),
    /// More places than the unit has.
    #[error("`{text}` is finer than the smallest unit: {decimals} decimal places at most")]
    TooFine {
        /// As written.
        text: String,
        /// The unit's.
        decimals: u8,
    },
    /// Does not fit into 256 bits.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

/// Reads `12.5` as smallest units. Underscores may group digits. Nothing is rounded: an amount finer
/// than the unit is an error.
pub fn parse(text: &str, decimals: u8) -> Result<U256, AmountError> {
    let bad = || AmountError::NotANumber(text.to_owned());
    let plain = text.trim();
    if plain
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
    {
        return Err(AmountError::Negative(text.to_owned()));
    }
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let grouped = |part: &str| !part.starts_with('_') && !part.ends_with('_');
    if !grouped(whole) || fraction.contains('_') || (whole.is_empty() && fraction.is_empty()) {
        return Err(bad());
    }
    // Zeros at the end say nothing, so `1.500` is fine for a unit of one decimal.
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > usize::from(decimals) && fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AmountError::TooFine { text: text.to_owned(), decimals });
    }
    let padding = usize::from(decimals).saturating_sub(fraction.len());
    let digits = whole.bytes().filter(|byte| *byte != b'_').chain(fraction.bytes());
    let too_large = || AmountError::TooLarge(text.to_owned());
    let mut value = U256::ZERO;
    for byte in digits.chain(std::iter::repeat_n(b'0', padding)) {
        if !byte.is_ascii_digit() {
            return Err(bad());
        }
        let digit = U256::from(byte - b'0');
        value = value.checked_mul(U256::from(10)).and_then(|tens| tens.checked_add(digit)).ok_or_else(too_large)?;
    }
    Ok(value)
}

/// Smallest units as `12.5`, exactly, without trailing zeros.
pub fn format(value: U256, decimals: u8) -> String {
    let (whole, fraction) = split(value, decimals);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { whole } else { format!("{whole}.{fraction}") }
}

/// Smallest units with at most `places` decimal places, cut toward zero; a leading `~` says that
/// something was cut.
pub fn format_short(value: U256, decimals: u8, places: usize) -> String {
    let (whole, fraction) = split(value, decimals);
    let kept = fraction.get(..places).unwrap_or(&fraction).trim_end_matches('0');
    let cut = fraction.get(places..).is_some_and(|rest| rest.bytes().any(|byte| byte != b'0'));
    let mark = if cut { "~" } else { "" };
    if kept.is_empty() { format!("{mark}{whole}") } else { format!("{mark}{whole}.{kept}") }
}

fn split(value: U256, decimals: u8) -> (String, String) {
    let decimals = usize::from(decimals);
    let digits = format!("{value:0>width$}", value = value.to_string(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    (whole.to_owned(), fraction.to_owned())
}

impl Unit {
    /// A unit.
    pub fn new(symbol: impl Into<String>, decimals: u8) -> Self {
        Self { symbol: symbol.into(), decimals }
    }

    /// Reads an amount of this unit.
    pub fn parse(&self, text: &str) -> Result<U256, AmountError> {
        parse(text, self.decimals)
    }

    /// For programs, the one form of an amount everywhere: whole units as decimal text, smallest units as
    /// integer text (both exact: a JSON number is not), symbol and decimals.
    pub fn json(&self, value: U256) -> Value {
        json!({
            "amount": format(value, self.decimals), "units": value.to_string(), "symbol": self.symbol,
            "decimals": self.decimals,
        })
    }

    /// `12.5 LIM`, exactly.
    pub fn show(&self, value: U256) -> String {
        format!("{} {}", format(value, self.decimals), self.symbol)
    }

    /// `~12.512345 LIM`: at most six decimal places.
    pub fn show_short(&self, value: U256) -> String {
        format!("{} {}", format_short(value, self.decimals, 6), self.symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_people_write() {
        for (text, decimals, units) in [
            ("0", 18, 0u128),
            ("1", 18, 1_000_000_000_000_000_000),
            ("0.5", 1, 5),
            (".5", 1, 5),
            ("5.", 1, 50),
            ("1_000.25", 2, 100_025),
            ("1.500", 1, 15),
            (" 7 ", 0, 7),
            ("0.000000000000000001", 18, 1),
        ] {
            assert_eq!(parse(text, decimals), Ok(U256::from(units)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in
            ["", ".", "-", "--1", "+1", "1e18", "1,5", "1.2.3", "0x10", "1 000", "_1", "1_", "1._5", "five", "٣"]
        {
            assert!(matches!(parse(text, 18), Err(AmountError::NotANumber(_))), "{text}");
        }
        for text in ["-1", " -0.5", "-.5", "-1e3"] {
            assert!(matches!(parse(text, 18), Err(AmountError::Negative(_))), "{text}");
        }
        assert_eq!(parse("1.25", 1), Err(AmountError::TooFine { text: "1.25".into(), decimals: 1 }));
        assert!(matches!(parse("1", MAX_DECIMALS + 1), Err(AmountError::TooLarge(_))));
        let most = U256::MAX.to_string();
        assert_eq!(parse(&most, 0), Ok(U256::MAX));
        assert!(matches!(parse(&format!("{most}0"), 0), Err(AmountError::TooLarge(_))));
    }

    #[test]
    fn short_forms_say_that_they_are_short() {
        let value = U256::from(1_234_567_890u64);
        assert_eq!(format(value, 9), "1.23456789");
        assert_eq!(format_short(value, 9, 2), "~1.23");
        assert_eq!(format_short(value, 9, 20), "1.23456789");
        assert_eq!(format_short(U256::from(1), 18, 6), "~0");
        assert_eq!(format_short(U256::from(500), 3, 0), "~0");
        assert_eq!(format_short(U256::from(2_000), 3, 0), "2");
        let (unit, value) = (Unit::new("LIM", 18), U256::from(10).pow(U256::from(18)));
        assert_eq!(unit.show(value), "1 LIM");
        let json = json!({ "amount": "1", "units": "1000000000000000000", "symbol": "LIM", "decimals": 18 });
        assert_eq!(unit.json(value), json);
    }

    proptest! {
        #[test]
        fn text_and_back_loses_nothing(limbs in any::<[u64; 4]>(), decimals in 0..=u8::MAX) {
            let value = U256::from_limbs(limbs);
            prop_assert_eq!(parse(&format(value, decimals), decimals), Ok(value));
        }

        #[test]
        fn any_text_is_an_answer(text in ".{0,90}", decimals in 0..=u8::MAX) {
            let _ = parse(&text, decimals);
        }

        /// Cut, never rounded up: what is shown is at most what is there.
        #[test]
        fn a_short_form_never_shows_more(value in any::<u128>(), places in 0usize..8) {
            let shown = format_short(U256::from(value), 18, places);
            let read = parse(shown.trim_start_matches('~'), 18).unwrap();
            prop_assert!(read <= U256::from(value));
            prop_assert_eq!(shown.starts_with('~'), read != U256::from(value));
        }
    }
}
