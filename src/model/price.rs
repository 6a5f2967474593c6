//! What a store costs, as data: relative factors of its regions, and money where the scenario gives it.

/// What the bill counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Billing {
    /// The provisioned throughput of every region, used or not.
    Provisioned,
    /// Throughput that follows the demand, up to what is provisioned.
    Autoscale,
    /// The request units that were used; one region only.
    Serverless,
    /// The instances that hold a replica, in every region that is part of the store; of members, those in use.
    Instances,
}

/// What a store costs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Price {
    /// What the bill counts.
    pub billing: Billing,
    /// Rate of each region of the store in millionths of that of one unzoned region with a single write region;
    /// `None`: no source and no scenario says what several write regions cost.
    pub rates_ppm: Option<Vec<u64>>,
    /// Name of the money.
    pub currency: Option<String>,
    /// Billionths of the money for an hour of 100 request units per second, or (serverless) for a million request
    /// units, or for an hour of an instance, at the rate 1.
    pub unit_nano: Option<u64>,
    /// Billionths of the money for a month (a twelfth of a year) of 10⁹ bytes in one region.
    pub storage_nano: Option<u64>,
}
