//! Which digits are a card number: by the issuer's prefix, the length and the check digit.

/// The shortest and the longest card number, in digits.
pub(super) const SHORTEST: usize = 12;
pub(super) const LONGEST: usize = 19;

/// The leading digits of issuers' numbers, by length of the number.
const ISSUERS: &[(&[usize], &[&str])] = &[
    (&[13, 16, 17, 18, 19], &["4"]),
    (&[16], &["51", "52", "53", "54", "55", "22", "23", "24", "25", "26", "27", "35", "81", "9792", "8600"]),
    (&[15], &["34", "37", "2131", "1800", "1"]),
    (&[14, 16], &["30", "36", "38", "39"]),
    (&[16, 17, 18, 19], &["6"]),
    // Maestro and the national cards beside it.
    (&[12, 13, 14, 15, 16, 17, 18, 19], &["50", "56", "57", "58", "67"]),
];

/// Whether these digits are a card number, by issuer and check digit.
pub(super) fn is_card(digits: &[u8]) -> bool {
    let issued = |(lengths, begins): &(&[usize], &[&str])| {
        lengths.contains(&digits.len()) && begins.iter().any(|begin| digits.starts_with(begin.as_bytes()))
    };
    ISSUERS.iter().any(issued) && luhn(digits)
}

/// Whether these digits could be a card number of an unknown issuer.
pub(super) fn may_be_card(digits: &[u8]) -> bool {
    digits.first() != Some(&b'0') && luhn(digits)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    sum.is_multiple_of(10)
}
