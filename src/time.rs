//! Moments and spans, in milliseconds. Time is always an argument: only the edge reads a clock.

use serde::{Deserialize, Serialize};

const SECONDS_A_DAY: u64 = 86_400;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Timestamp(u64);

/// A span of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Lifetime(u64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the Unix epoch; saturates far in the future.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// How long ago `earlier` was; zero when `earlier` lies in the future (clocks may step back).
    pub const fn since(self, earlier: Self) -> Lifetime {
        Lifetime(self.0.saturating_sub(earlier.0))
    }

    /// This moment moved later by `span`; saturates.
    #[must_use]
    pub const fn plus(self, span: Lifetime) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This moment moved earlier by `span`; stops at the epoch.
    #[must_use]
    pub const fn minus(self, span: Lifetime) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Timestamp {
    /// Its Gregorian date in UTC: year, month and day of the month.
    pub const fn date(self) -> (u64, u64, u64) {
        civil(self.day())
    }

    /// Its day in UTC: whole days since 1970-01-01.
    pub const fn day(self) -> u64 {
        self.seconds() / SECONDS_A_DAY
    }

    /// Its month in UTC: whole months since January of the year 0.
    pub const fn month(self) -> u64 {
        let (year, month, _) = self.date();
        year * 12 + month - 1
    }

    /// The midnight in UTC that ends its day.
    #[must_use]
    pub const fn next_day(self) -> Self {
        Self::from_seconds((self.day() + 1) * SECONDS_A_DAY)
    }

    /// The midnight in UTC that ends its month.
    #[must_use]
    pub const fn next_month(self) -> Self {
        // No month is longer than 31 days, so 31 days after a month's first is early in the next month.
        let early = self.day() - (self.date().2 - 1) + 31;
        Self::from_seconds((early - (civil(early).2 - 1)) * SECONDS_A_DAY)
    }

    /// The moment in UTC as RFC 3339 writes it, with milliseconds: `2026-11-25T10:28:00.000Z`. Years beyond 9999 are written as
    /// they are.
    pub fn to_rfc3339(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, second) = (self.seconds() / 3600 % 24, self.seconds() / 60 % 60, self.seconds() % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", self.millis() % 1000)
    }

    /// The moment for a person to read, in UTC: `25 Nov 2026, 10:28 UTC`.
    pub fn to_words(self) -> String {
        const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
        let (year, month, day) = self.date();
        let at = usize::try_from(month.saturating_sub(1)).unwrap_or_default() * 3;
        let month = MONTHS.get(at..at + 3).unwrap_or_default();
        let (hour, minute) = (self.seconds() / 3600 % 24, self.seconds() / 60 % 60);
        format!("{day} {month} {year}, {hour:02}:{minute:02} UTC")
    }
}

/// The Gregorian date `days` days after 1970-01-01. Counted in years that begin on 1 March, so that the leap day is last.
const fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_BEFORE_1970: u64 = 719_468;
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = days + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + (if month <= 2 { 1 } else { 0 }), month, day)
}

impl Lifetime {
    /// A span of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// A span of `seconds` seconds; saturates.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Seconds, rounded up: a wait told to a client is never too short.
    pub const fn seconds_ceil(self) -> u64 {
        self.0.div_ceil(1000)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lifetime, Timestamp};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(Lifetime::from_millis(1).seconds_ceil(), 1);
        assert_eq!(Lifetime::from_millis(1000).seconds_ceil(), 1);
        assert_eq!(Lifetime::from_millis(1001).seconds_ceil(), 2);
    }

    #[test]
    fn a_clock_that_steps_back_gives_a_zero_span() {
        assert_eq!(Timestamp::from_seconds(5).since(Timestamp::from_seconds(9)), Lifetime::from_millis(0));
    }

    #[test]
    fn moments_saturate_instead_of_wrapping() {
        assert_eq!(Timestamp::from_millis(u64::MAX).plus(Lifetime::from_seconds(1)).millis(), u64::MAX);
        assert_eq!(Timestamp::from_millis(3).minus(Lifetime::from_seconds(1)).millis(), 0);
    }

    #[test]
    fn a_moment_is_told_in_words() {
        assert_eq!(Timestamp::from_seconds(1_795_602_480).to_words(), "25 Nov 2026, 10:28 UTC");
        assert_eq!(Timestamp::from_seconds(951_782_400).to_words(), "29 Feb 2000, 00:00 UTC");
    }

    #[test]
    fn a_day_and_a_month_end_at_midnight_in_utc() {
        let words = |moment: Timestamp| (moment.next_day().to_words(), moment.next_month().to_words());
        let leap_day = Timestamp::from_seconds(951_782_400);
        let march = "1 Mar 2000, 00:00 UTC".to_owned();
        assert_eq!(words(leap_day), (march.clone(), march));
        let november = Timestamp::from_seconds(1_795_602_480);
        assert_eq!(words(november), ("26 Nov 2026, 00:00 UTC".into(), "1 Dec 2026, 00:00 UTC".into()));
        let last = november.next_month().next_month().minus(Lifetime::from_millis(1));
        assert_eq!(words(last), ("1 Jan 2027, 00:00 UTC".into(), "1 Jan 2027, 00:00 UTC".into()));
        assert_eq!((last.month() + 1, last.day() + 1), (last.next_day().month(), last.next_day().day()));
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn a_month_ends_on_the_first_of_the_next(seconds in 0_u64..20_000_000_000) {
            let moment = Timestamp::from_seconds(seconds);
            let end = moment.next_month();
            proptest::prop_assert_eq!((end.month(), end.date().2), (moment.month() + 1, 1));
            proptest::prop_assert!(moment < end && moment < moment.next_day() && moment.next_day() <= end);
            proptest::prop_assert_eq!(end.minus(Lifetime::from_millis(1)).month(), moment.month());
        }
    }

    #[test]
    fn known_moments_are_written_right() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_000_000_000, "2001-09-09T01:46:40.000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(Timestamp::from_seconds(seconds).to_rfc3339(), text);
        }
        assert_eq!(Timestamp::from_millis(1_795_363_200_007).to_rfc3339(), "2026-11-22T16:00:00.007Z");
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        #[test]
        fn the_text_grows_with_the_moment(left in 0_u64..253_402_300_799_999, right in 0_u64..253_402_300_799_999) {
            let (a, b) = (Timestamp::from_millis(left).to_rfc3339(), Timestamp::from_millis(right).to_rfc3339());
            proptest::prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        }
    }
}
