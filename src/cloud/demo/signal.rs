//! Numbers that look random and are not: everything that varies in a simulated estate is a
//! function of the seed, a name and a time, so that asking twice gives the same answer.

/// A stable 64-bit hash: the standard library's may change between releases, and worlds must not.
pub fn hash(parts: &[u64]) -> u64 {
    parts
        .iter()
        .fold(0x9e37_79b9_7f4a_7c15, |state, part| mix(state ^ mix(*part)))
}

/// The hash of a name, for use as a part of [`hash`]. FNV-1a, then mixed.
pub fn name(text: &str) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(state)
}

/// The finaliser of splitmix64.
const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number in `0.0..1.0`.
pub fn unit(parts: &[u64]) -> f64 {
    (hash(parts) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number in `-1.0..1.0`.
pub fn noise(parts: &[u64]) -> f64 {
    unit(parts).mul_add(2.0, -1.0)
}

/// A whole number in `0..bound`; 0 for a bound below 1.
pub fn below(parts: &[u64], bound: i64) -> i64 {
    (hash(parts) >> 1).cast_signed() % bound.max(1)
}

/// `digits` hexadecimal digits, at most 64.
pub fn hex(parts: &[u64], digits: usize) -> String {
    let seed = hash(parts);
    let mut out = String::with_capacity(64);
    for block in 0..4 {
        out.push_str(&format!("{:016x}", hash(&[seed, block])));
    }
    out.truncate(digits);
    out
}

/// An identifier in the form of a UUID.
pub fn uuid(parts: &[u64]) -> String {
    let text = hex(parts, 32);
    format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )
}

/// `digits` decimal digits, at most 38.
pub fn decimal(parts: &[u64], digits: usize) -> String {
    let seed = hash(parts);
    let mut out = format!(
        "{:019}{:019}",
        hash(&[seed, 1]) % 10_u64.pow(19),
        hash(&[seed, 2]) % 10_u64.pow(19)
    );
    out.truncate(digits);
    out
}
