//! Laws against closed forms, and their bits.

use super::*;
use crate::engine::Digest;

const H: Duration = Duration::HOUR;

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// One of each family, with light and heavy parameters.
fn laws() -> Vec<Law> {
    let values = [3, 5, 5, 900, 7200].map(secs).to_vec();
    vec![
        Law::constant(secs(90)),
        Law::exponential(H).unwrap(),
        Law::per_year(12.0).unwrap(),
        Law::uniform(secs(10), H).unwrap(),
        Law::weibull(0.7, H).unwrap(),
        Law::weibull_mean(2.5, H).unwrap(),
        Law::lognormal(H, 0.8).unwrap(),
        Law::lognormal_p95(H, secs(4 * 3600)).unwrap(),
        Law::lognormal_mean(H, 0.5).unwrap(),
        Law::lognormal_mean_p95(H, secs(9000)).unwrap(),
        Law::pareto(H, 5.0).unwrap(),
        Law::pareto_mean(H, 6.5).unwrap(),
        Law::empirical(values).unwrap(),
        Law::exponential(H).unwrap().shifted(H),
    ]
}

/// The word whose uniform number is closest to `p`.
fn word(p: f64) -> u64 {
    (p * 18_446_744_073_709_551_616.0) as u64
}

/// Integral over u in (0, 1) of f(quantile in seconds), by midpoints that crowd geometrically at both ends.
fn integral(law: &Law, f: impl Fn(f64) -> f64) -> f64 {
    const STEPS: i32 = 400_000;
    // u = logistic(x): du = u (1 − u) dx, x in ±35.
    let width = 70.0 / f64::from(STEPS);
    (0..STEPS)
        .map(|i| {
            let x = -35.0 + (f64::from(i) + 0.5) * width;
            let (low, high) = (1.0 / (1.0 + math::exp(-x)), 1.0 / (1.0 + math::exp(x)));
            let w = if x < 0.0 { word(low) } else { !word(high) };
            f(law.quantile(w).as_secs_f64()) * low * high * width
        })
        .sum()
}

#[test]
fn moments_agree_with_the_quantile_function() {
    for law in laws() {
        let (mean, variance) = (law.mean().unwrap(), law.variance().unwrap());
        let numeric = integral(&law, |t| t);
        assert!((numeric / mean - 1.0).abs() < 1e-4, "{law}: mean {mean}, integral {numeric}");
        let numeric = integral(&law, |t| (t - mean) * (t - mean));
        assert!(
            (numeric - variance).abs() <= 2e-3 * variance,
            "{law}: variance {variance}, integral {numeric}"
        );
    }
}

#[test]
fn quantiles_are_those_of_the_closed_forms() {
    let hour = 3600.0;
    for p in [1e-6, 0.01, 0.25, 0.5, 0.9, 0.95, 0.999, 0.999_999] {
        let survival = 1.0 - p;
        let z = math::normal_quantile(p);
        for (law, expected) in [
            (Law::exponential(H), -math::ln(survival) * hour),
            (Law::per_year(12.0), -math::ln(survival) * 365.0 * 86_400.0 / 12.0),
            (Law::uniform(secs(10), H), 10.0 + p * (hour - 10.0)),
            (Law::weibull(0.7, H), math::pow(-math::ln(survival), 1.0 / 0.7) * hour),
            (Law::lognormal(H, 0.8), math::exp(0.8 * z) * hour),
            (Law::pareto(H, 1.5), math::pow(survival, -1.0 / 1.5) * hour),
        ] {
            let law = law.unwrap();
            let got = law.quantile(word(p)).as_secs_f64();
            assert!((got - expected).abs() <= 1e-9 * expected + 2e-9, "{law} at {p}: {got}, not {expected}");
            let shifted = law.shifted(H).quantile(word(p)).as_secs_f64();
            assert!((shifted - got - hour).abs() < 1e-6);
        }
    }
}

#[test]
fn parameters_mean_what_people_mean() {
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} is not {b}");
    let at = |law: &Law, p: f64| law.quantile(word(p)).as_secs_f64();
    let six = secs(6 * 3600);
    let law = Law::lognormal_p95(H, six).unwrap();
    near(at(&law, 0.5), 3600.0);
    near(at(&law, 0.95), 21_600.0);
    let law = Law::lognormal_mean_p95(H, secs(9000)).unwrap();
    near(law.mean().unwrap(), 3600.0);
    near(at(&law, 0.95), 9000.0);
    near(Law::lognormal_mean(H, 1.3).unwrap().mean().unwrap(), 3600.0);
    near(Law::weibull_mean(0.4, H).unwrap().mean().unwrap(), 3600.0);
    near(Law::pareto_mean(H, 1.1).unwrap().mean().unwrap(), 3600.0);
    near(Law::per_year(0.5).unwrap().mean().unwrap(), 2.0 * 365.0 * 86_400.0);
    near(Law::exponential(H).unwrap().shifted(H).mean().unwrap(), 7200.0);
    near(at(&Law::weibull(3.0, H).unwrap(), 1.0 - math::exp(-1.0)), 3600.0);
}

#[test]
fn quantiles_never_fall_and_their_ends_are_finite() {
    for law in laws() {
        let mut last = Duration::ZERO;
        for i in 0..20_000u64 {
            let value = law.quantile(i * (u64::MAX / 20_000));
            assert!(value >= last, "{law} falls at {i}");
            last = value;
        }
        assert!(law.quantile(u64::MAX) >= last && law.quantile(0) <= law.quantile(1));
        if let Some(max) = law.max() {
            assert_eq!(law.quantile(u64::MAX), max, "{law}");
        }
    }
}

#[test]
fn uniform_and_empirical_are_exact() {
    let die = Law::uniform(Duration::from_ns(1), Duration::from_ns(6)).unwrap();
    let values = Law::empirical((1..=6).rev().map(Duration::from_ns).collect()).unwrap();
    for face in 1..=6u64 {
        // The words of a face: from ⌈(face − 1) 2⁶⁴ / 6⌉ to just below the next.
        let first = (u128::from(face - 1) << 64).div_ceil(6) as u64;
        let last = ((u128::from(face) << 64).div_ceil(6) - 1) as u64;
        for law in [&die, &values] {
            assert_eq!(law.quantile(first).ns(), face);
            assert_eq!(law.quantile(last).ns(), face);
        }
    }
    let half = Duration::from_ns(u64::MAX / 2);
    let wide = Law::uniform(Duration::ZERO, Duration::from_ns(u64::MAX - 1)).unwrap();
    assert!(wide.quantile(1 << 63).ns().abs_diff(half.ns()) <= 1);
}

#[test]
fn values_beyond_the_clock_are_never() {
    let heavy = Law::pareto(Duration::YEAR, 0.01).unwrap();
    assert_eq!(heavy.quantile(u64::MAX), Duration::NEVER);
    assert_eq!((heavy.mean(), heavy.variance(), heavy.max()), (None, None, None));
    assert_eq!(Law::pareto(H, 1.5).unwrap().variance(), None);
    let never = Law::constant(Duration::NEVER);
    assert_eq!((never.quantile(5), never.mean(), never.max()), (Duration::NEVER, None, None));
    let late = Law::exponential(H).unwrap().shifted(Duration::NEVER);
    assert_eq!(late.quantile(0), Duration::NEVER);
    assert_eq!((late.mean(), late.variance()), (None, None));
    let sometimes = Law::empirical(vec![H, Duration::NEVER]).unwrap();
    assert_eq!((sometimes.mean(), sometimes.max()), (None, None));
}

#[test]
fn laws_with_one_value_are_constant() {
    for law in [
        Law::constant(H),
        Law::uniform(H, H).unwrap(),
        Law::lognormal(H, 0.0).unwrap(),
        Law::lognormal_p95(H, H).unwrap(),
        Law::empirical(vec![H, H]).unwrap(),
    ] {
        assert_eq!(law, Law::constant(H));
        assert_eq!(law.clone().shifted(H).as_constant(), Some(secs(7200)));
    }
    assert_eq!(Law::exponential(H).unwrap().as_constant(), None);
}

#[test]
fn impossible_parameters_are_refused_with_a_reason() {
    let (zero, never) = (Duration::ZERO, Duration::NEVER);
    for (law, part) in [
        (Law::exponential(zero), "longer than 0s"),
        (Law::exponential(never), "never"),
        (Law::per_year(0.0), "positive"),
        (Law::per_year(f64::NAN), "positive"),
        (Law::per_year(1e-300), "impossible mean"),
        (Law::uniform(H, secs(1)), "greater"),
        (Law::uniform(H, never), "never"),
        (Law::weibull(-1.0, H), "shape"),
        (Law::weibull_mean(1e-3, H), "impossible scale"),
        (Law::lognormal(H, f64::INFINITY), "sigma"),
        (Law::lognormal(H, -1.0), "sigma"),
        (Law::lognormal_p95(H, secs(1)), "less than the median"),
        (Law::lognormal_mean(H, 1e9), "impossible median"),
        (Law::lognormal_mean_p95(H, secs(4 * 3600)), "3.86 times"),
        (Law::lognormal_mean_p95(H, secs(1)), "between 1"),
        (Law::pareto(zero, 1.0), "scale"),
        (Law::pareto_mean(H, 1.0), "no mean"),
        (Law::empirical(vec![]), "at least one"),
    ] {
        let error = law.expect_err(part).to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn laws_print_for_people() {
    let six = secs(6 * 3600);
    for (law, shown) in [
        (Law::lognormal_p95(H, six).unwrap().shifted(H), "lognormal(median 1h, p95 6h) + 1h"),
        (Law::exponential(Duration::from_days(730)).unwrap(), "exponential(mean 2y)"),
        (Law::per_year(12.0).unwrap(), "exponential(mean 30d 10h)"),
        (Law::uniform(secs(1), H).unwrap(), "uniform(1s to 1h)"),
        (Law::weibull(0.7, H).unwrap(), "weibull(shape 0.7, scale 1h)"),
        (Law::pareto(H, 2.5).unwrap(), "pareto(scale 1h, shape 2.5)"),
        (Law::empirical(vec![H, secs(1)]).unwrap(), "empirical(2 values, 1s to 1h)"),
        (Law::constant(H).shifted(H), "constant(2h)"),
    ] {
        assert_eq!(law.to_string(), shown);
    }
}

#[test]
fn bits_are_pinned() {
    let got: Vec<u64> = laws()
        .iter()
        .map(|law| {
            let mut digest = Digest::new();
            let mut word = Digest::new();
            for i in 0..1000 {
                word.add(i);
                digest.add(law.quantile(word.finish()).ns());
            }
            digest.finish()
        })
        .collect();
    assert_eq!(
        got,
        [
            0x2919_a333_fe50_b19e,
            0xeab1_1633_80d8_1ec6,
            0x2669_3e2a_f0a0_d8d1,
            0x1377_d900_ad11_3e95,
            0xa3a8_9f6e_5250_931f,
            0x2232_2f57_be57_4630,
            0xf47e_cd60_68dd_808e,
            0x28e1_1b37_1856_aa62,
            0x6f4a_0401_6e3f_4958,
            0xf124_7b68_7294_49f9,
            0xcb41_5359_b430_f79b,
            0x9810_106e_95f3_1541,
            0x685d_0986_d99d_4aa6,
            0xe8e2_53a3_76ca_392d
        ],
        "{got:#018x?}"
    );
}
