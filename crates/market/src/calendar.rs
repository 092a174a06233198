//! UTC dates and Unix seconds, proleptic Gregorian, years 1970 to 9999.

const DAY: u64 = 86_400;

/// Reads `2020-03-12`, `2020-03-12T10:00`, `2020-03-12 10:00:00` or `2020-03-12T10:00:00.000Z`.
/// Fractions of a second are cut.
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let mut date = date.split('-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let mut time = time.split(':').map(number);
    let (hour, minute) = (time.next()??, time.next()??);
    let second = time.next().unwrap_or(Some(0))?;
    let fits = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=month_length(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !fits || date.next().is_some() || time.next().is_some() {
        return None;
    }
    let days = days_before_year(year) + (1..month).map(|month| month_length(year, month)).sum::<u64>() + day - 1;
    Some(days * DAY + hour * 3_600 + minute * 60 + second)
}

/// `2020-03-12 10:00`.
pub fn format(seconds: u64) -> String {
    let (mut days, rest) = (seconds / DAY, seconds % DAY);
    let mut year = 1970 + days / 366;
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    days -= days_before_year(year);
    let mut month = 1;
    while month_length(year, month) <= days {
        days -= month_length(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02} {:02}:{:02}", days + 1, rest / 3_600, rest / 60 % 60)
}

/// Digits only: `+5` and ` 5` are not parts of a date.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_length(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1 January 1970 to 1 January of `year`.
fn days_before_year(year: u64) -> u64 {
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_times() {
        assert_eq!(parse("1970-01-01"), Some(0));
        assert_eq!(parse("2020-03-12T10:00:00.0000000Z"), Some(1_584_007_200));
        assert_eq!(parse("2020-02-29 23:59:59"), Some(1_583_020_799));
        assert_eq!(format(1_584_007_200), "2020-03-12 10:00");
        assert_eq!(format(951_782_400), "2000-02-29 00:00");
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2020",
            "2020-13-01",
            "2021-02-29",
            "2020-03-12T24:00",
            "2020-03-12T1",
            "1969-12-31",
            "+020-01-01",
            "2020-03-12T10:00:00+01:00",
            "2020-03-12T10:00:00:00",
            "12.03.2020",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn there_and_back(minutes in 0u64..4_000_000_000) {
            let seconds = (minutes * 60).min(253_402_300_740);
            prop_assert_eq!(parse(&format(seconds)), Some(seconds));
        }
    }
}
