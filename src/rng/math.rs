//! Elementary functions with the same bits on every machine: thin names for `libm`, and the normal quantile.
//!
//! `std`'s versions call the platform's library, whose last bits differ (rule R1); clippy.toml bans them.

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// ln(1 + x), exact near 0.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Exponential function.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// exp(x) − 1, exact near 0.
#[inline]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// x to the power of y.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// The gamma function.
#[inline]
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}

/// Distribution function of the standard normal law.
#[inline]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2)
}

/// Value of the polynomial with these coefficients, highest power first.
#[inline]
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    let mut value = coefficients[0];
    for &c in &coefficients[1..] {
        value = value * x + c;
    }
    value
}

// Rational approximations of algorithm AS 241 (PPND16): M. J. Wichura, Applied Statistics 37 (1988) 477–484.
const CENTRE: [[f64; 8]; 2] = [
    [
        2.509_080_928_730_122_7e3,
        3.343_057_558_358_813e4,
        6.726_577_092_700_87e4,
        4.592_195_393_154_987e4,
        1.373_169_376_550_946e4,
        1.971_590_950_306_551_3e3,
        133.141_667_891_784_38,
        3.387_132_872_796_366_5,
    ],
    [
        5.226_495_278_852_854e3,
        2.872_908_573_572_194_3e4,
        3.930_789_580_009_271e4,
        2.121_379_430_158_659_7e4,
        5.394_196_021_424_751e3,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
];
const SHOULDER: [[f64; 8]; 2] = [
    [
        7.745_450_142_783_414e-4,
        0.022_723_844_989_269_184,
        0.241_780_725_177_450_6,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    [
        1.050_750_071_644_416_9e-9,
        5.475_938_084_995_345e-4,
        0.015_198_666_563_616_457,
        0.148_103_976_427_480_08,
        0.689_767_334_985_1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
];
const TAIL: [[f64; 8]; 2] = [
    [
        2.010_334_399_292_288_1e-7,
        2.711_555_568_743_487_6e-5,
        1.242_660_947_388_078_4e-3,
        0.026_532_189_526_576_124,
        0.296_560_571_828_504_87,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    [
        2.044_263_103_389_939_7e-15,
        1.421_511_758_316_446e-7,
        1.846_318_317_510_054_8e-5,
        7.868_691_311_456_133e-4,
        0.014_875_361_290_850_615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_888,
        1.0,
    ],
];

/// Quantile of the standard normal law, relative error about 1e-16 (algorithm AS 241); `p` in (0, 1).
#[inline]
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    let ratio = |c: &[[f64; 8]; 2], x: f64| polynomial(&c[0], x) / polynomial(&c[1], x);
    if q.abs() <= 0.425 {
        return q * ratio(&CENTRE, 0.180_625 - q * q);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-ln(tail)).sqrt();
    let x = if r <= 5.0 { ratio(&SHOULDER, r - 1.6) } else { ratio(&TAIL, r - 5.0) };
    if q < 0.0 { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Digest;

    /// Hash of the bits of a function's values at 1000 points of (0, 1).
    fn bits(f: impl Fn(f64) -> f64) -> u64 {
        let mut digest = Digest::new();
        (0..1000).for_each(|i| digest.add(f((f64::from(i) + 0.5) / 1000.0).to_bits()));
        digest.finish()
    }

    #[test]
    fn bits_are_pinned() {
        let got = [
            bits(ln),
            bits(ln_1p),
            bits(|x| exp(40.0 * x - 20.0)),
            bits(|x| exp_m1(2.0 * x - 1.0)),
            bits(|x| pow(x, 1.7)),
            bits(|x| gamma(1.0 + 9.0 * x)),
            bits(|x| normal_cdf(12.0 * x - 6.0)),
            bits(normal_quantile),
            bits(|x| normal_quantile(exp(-36.0 * x))),
        ];
        assert_eq!(
            got,
            [
                0xaaa9_989f_69f7_a591,
                0x14d7_b030_61d7_ee04,
                0x3931_694f_a16f_0e7f,
                0xf55c_815c_a7f6_0292,
                0x1eda_a737_2908_dcd4,
                0x65ee_0284_c7f0_a5ed,
                0xf8ae_78d5_6e22_2fb8,
                0xfe94_1aa6_44a7_509e,
                0x235b_e4ef_218e_b57c
            ],
            "{got:#018x?}"
        );
    }

    #[test]
    fn normal_quantile_inverts_the_distribution_function() {
        for i in 1..4000 {
            // Relative in the tail, so that all three ranges of the algorithm are tried, down to 1e-15.
            let p = if i < 2000 { f64::from(i) / 2000.0 } else { exp(-f64::from(i - 1999) * 0.017) };
            let x = normal_quantile(p);
            let slope = exp(-0.5 * x * x) * 0.398_942_280_401_432_7;
            let error = (normal_cdf(x) - p) / slope;
            assert!(error.abs() < 2e-15 * (1.0 + x.abs()), "p = {p}, x = {x}, error {error}");
        }
        // Wichura's own check values.
        for (p, x) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_814),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((normal_quantile(p) / x - 1.0).abs() < 4e-16, "{p}");
        }
        assert_eq!(normal_quantile(0.5), 0.0);
    }

    #[test]
    fn elementary_functions_know_their_landmarks() {
        assert_eq!(
            (ln(1.0), exp(0.0), ln_1p(0.0), exp_m1(0.0), pow(2.0, 10.0)),
            (0.0, 1.0, 0.0, 0.0, 1024.0)
        );
        assert_eq!((gamma(5.0), normal_cdf(0.0)), (24.0, 0.5));
    }
}
