//! What foreign tokens answer, read with care: pure functions on bytes.

use alloy_primitives::{Address, U256};
use limpid_native::Answer;

/// The word that a question was answered with; `None` for a failure or less than a word.
pub(crate) fn word(answer: &Answer) -> Option<U256> {
    let bytes = answer.data.get(..32).filter(|_| answer.success)?;
    Some(U256::from_be_slice(bytes))
}

/// Whether a token says that it moved what it was told to: no answer at all, or true.
pub(crate) fn accepted(answer: &Answer) -> bool {
    answer.success && (answer.data.is_empty() || word(answer) == Some(U256::ONE))
}

/// A name or a symbol of at most `longest` bytes: an ABI string, or the bytes32 of early tokens. Whatever
/// could hide or reorder what a reader sees is left out. `None` when nothing is left.
pub(crate) fn text(answer: &Answer, longest: usize) -> Option<String> {
    let data = answer.data.get(..).filter(|_| answer.success)?;
    let bytes = match data.len() {
        32 => data,
        _ => {
            let length = usize::try_from(U256::from_be_slice(data.get(32..64)?)).unwrap_or(usize::MAX);
            let content = data.get(64..)?;
            content.get(..length).unwrap_or(content)
        }
    };
    let mut shown = String::new();
    for letter in String::from_utf8_lossy(bytes).chars().filter(|letter| is_shown(*letter)) {
        if shown.len().saturating_add(letter.len_utf8()) > longest {
            break;
        }
        shown.push(letter);
    }
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

/// Neither a control character, nor one that has no width or turns the reading direction, nor a place
/// where bytes were no text.
fn is_shown(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffd}'
        )
}

/// A name for a token that has none.
pub(crate) fn nameless(token: Address) -> String {
    token.to_string()
}

/// A symbol for a token that has none.
pub(crate) fn symbolless(token: Address) -> String {
    token.to_string().chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::Bytes;
    use alloy_sol_types::SolValue;

    fn answered(data: impl Into<Bytes>) -> Answer {
        Answer { success: true, data: data.into() }
    }

    fn failed(data: impl Into<Bytes>) -> Answer {
        Answer { success: false, data: data.into() }
    }

    #[test]
    fn only_silence_and_true_are_a_yes() {
        assert!(accepted(&answered(vec![])));
        assert!(accepted(&answered(true.abi_encode())));
        assert!(accepted(&answered([true.abi_encode(), vec![7; 40]].concat())));
        assert!(!accepted(&answered(false.abi_encode())));
        assert!(!accepted(&answered(U256::from(2).abi_encode())));
        assert!(!accepted(&answered(vec![1; 31])));
        assert!(!accepted(&failed(true.abi_encode())));
        assert!(!accepted(&failed(vec![])));
    }

    #[test]
    fn a_word_needs_thirty_two_bytes_of_success() {
        assert_eq!(word(&answered(U256::from(7).abi_encode())), Some(U256::from(7)));
        assert_eq!(word(&answered(vec![0; 31])), None);
        assert_eq!(word(&failed(U256::from(7).abi_encode())), None);
    }

    #[test]
    fn texts_of_both_kinds_are_read() {
        let mut bytes32 = [0u8; 32];
        bytes32[..3].copy_from_slice(b"MKR");
        assert_eq!(text(&answered(bytes32.to_vec()), 31).as_deref(), Some("MKR"));
        assert_eq!(text(&answered("Dai Stablecoin".abi_encode()), 56).as_deref(), Some("Dai Stablecoin"));
        assert_eq!(text(&answered("".abi_encode()), 56), None);
        assert_eq!(text(&failed("Dai".abi_encode()), 56), None);
    }

    #[test]
    fn hostile_texts_are_cut_and_cleaned() {
        let long = "é".repeat(100).abi_encode();
        let shown = text(&answered(long[..132].to_vec()), 55).unwrap();
        assert_eq!(shown, "é".repeat(27), "never half a letter");
        let dressed = "US\u{202e}D\u{0}\u{200b}C \n".abi_encode();
        assert_eq!(text(&answered(dressed), 56).as_deref(), Some("USDC"));
        let mut lies = "abc".abi_encode();
        lies[32..64].fill(0xff);
        assert_eq!(text(&answered(lies), 56).as_deref(), Some("abc"));
        assert_eq!(text(&answered(vec![0xff; 63]), 56), None);
        assert_eq!(text(&answered([vec![0; 64], vec![0xff; 20]].concat()), 56), None);
    }
}
