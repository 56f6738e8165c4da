//! EC2: instances and what is known of their types and prices.

use pretty_assertions::assert_eq;
use quarterdeck::domain::ops::{Query, ReplyData, ec2};

use super::fixture::Fixture;
use super::server::{Answer, Server};

#[tokio::test]
async fn instances_of_every_page_and_reservation_are_listed() {
    let server = Server::start(|request| {
        let item = |id: &str| {
            format!("<item><instancesSet><item><instanceId>{id}</instanceId></item></instancesSet></item>")
        };
        let (items, next) = match request.form("NextToken") {
            None => (item("i-3") + &item("i-1"), "<nextToken>2</nextToken>"),
            // An empty token is the end, not a page without a name.
            Some(_) => (item("i-2"), "<nextToken></nextToken>"),
        };
        Answer::xml(
            200,
            format!(
                "<DescribeInstancesResponse><reservationSet>{items}</reservationSet>{next}</DescribeInstancesResponse>"
            ),
        )
    });
    let fixture = Fixture::new(&server);
    let reply = fixture.ask(Query::Ec2(ec2::Read::Instances)).await.unwrap();
    let ReplyData::Instances(found) = reply.data else {
        panic!("not instances");
    };
    let ids: Vec<_> = found.iter().map(|instance| instance.id.as_str()).collect();
    assert_eq!(ids, ["i-1", "i-2", "i-3"]);
    assert_eq!(server.total(), 2);
}

#[tokio::test]
async fn a_type_is_asked_about_once() {
    let server = Server::start(|_| {
        Answer::xml(
            200,
            "<DescribeInstanceTypesResponse><instanceTypeSet><item><instanceType>t3.micro</instanceType></item>\
             <item><instanceType>g5.12xlarge</instanceType><gpuInfo><gpus><item><name>A10G</name>\
             <manufacturer>NVIDIA</manufacturer><count>4</count><memoryInfo><sizeInMiB>22888</sizeInMiB></memoryInfo>\
             </item></gpus></gpuInfo></item></instanceTypeSet></DescribeInstanceTypesResponse>"
                .to_owned(),
        )
    });
    let fixture = Fixture::new(&server);
    let types = vec!["g5.12xlarge".to_owned(), "t3.micro".to_owned()];
    for _ in 0..2 {
        let query = Query::Ec2(ec2::Read::InstanceTypes { types: types.clone() });
        let reply = fixture.ask(query).await.unwrap();
        let ReplyData::InstanceTypes(found) = reply.data else {
            panic!("not instance types");
        };
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].instance_type.as_str(), found[0].count),
            ("g5.12xlarge", 4)
        );
    }
    assert_eq!(server.total(), 1);
}

#[tokio::test]
async fn the_newest_price_of_each_zone_counts() {
    let server = Server::start(|request| {
        assert_eq!(request.form("StartTime"), request.form("EndTime"));
        let price = |zone: &str, price: &str, at: &str| {
            format!(
                "<item><instanceType>g5.xlarge</instanceType><availabilityZone>{zone}</availabilityZone>\
                 <spotPrice>{price}</spotPrice><timestamp>{at}</timestamp></item>"
            )
        };
        let items = price("a", "0.5", "2026-11-20T00:00:00Z")
            + &price("a", "0.4", "2026-11-21T00:00:00Z")
            + &price("b", "0.3", "2026-11-19T00:00:00Z");
        Answer::xml(
            200,
            format!(
                "<DescribeSpotPriceHistoryResponse><spotPriceHistorySet>{items}</spotPriceHistorySet>\
                 </DescribeSpotPriceHistoryResponse>"
            ),
        )
    });
    let fixture = Fixture::new(&server);
    let types = vec!["g5.xlarge".to_owned()];
    let reply = fixture
        .ask(Query::Ec2(ec2::Read::SpotPrices { types }))
        .await
        .unwrap();
    let ReplyData::SpotPrices(found) = reply.data else {
        panic!("not prices");
    };
    let prices: Vec<_> = found
        .iter()
        .map(|price| (price.zone.as_str(), price.usd_per_hour))
        .collect();
    assert_eq!(prices, [("a", 0.4), ("b", 0.3)]);
    // Without types AWS would list all there are.
    let none = Query::Ec2(ec2::Read::SpotPrices { types: Vec::new() });
    fixture.ask(none).await.unwrap();
    assert_eq!(server.total(), 1);
}

#[tokio::test]
async fn gateways_that_are_gone_are_left_out() {
    let server = Server::start(|_| {
        let item = |id: &str, state: &str| {
            format!("<item><natGatewayId>{id}</natGatewayId><state>{state}</state></item>")
        };
        let items = item("nat-2", "available") + &item("nat-1", "pending") + &item("nat-0", "deleted");
        Answer::xml(
            200,
            format!(
                "<DescribeNatGatewaysResponse><natGatewaySet>{items}</natGatewaySet></DescribeNatGatewaysResponse>"
            ),
        )
    });
    let fixture = Fixture::new(&server);
    let reply = fixture.ask(Query::Ec2(ec2::Read::NatGateways)).await.unwrap();
    let ReplyData::NatGateways(found) = reply.data else {
        panic!("not gateways");
    };
    let ids: Vec<_> = found.iter().map(|gateway| gateway.id.as_str()).collect();
    assert_eq!(ids, ["nat-1", "nat-2"]);
}
