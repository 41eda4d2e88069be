-- Days from an order's date to the date of each shipment, by store, and what still waits for its first one on a day.
-- psql -v as_of="'2026-11-30'" -f fulfilment_lag.sql
with shipped as (
    select o.store, f.shipped_on - o.date as days
    from golden_fulfilment f
    join golden_order o on o.key = f.order_key
    where f.shipped_on <= cast(:as_of as date)
), waiting as (
    select o.store, cast(:as_of as date) - o.date as days
    from golden_order o
    where o.stage = 'accepted'
      and coalesce(o.status, '') not in ('billed', 'closed', 'cancelled')
      and o.date <= cast(:as_of as date)
      and not exists (select 1 from golden_fulfilment f where f.order_key = o.key and f.shipped_on <= cast(:as_of as date))
), both_of_them as (
    select store, days as shipped, null as waits from shipped
    union all
    select store, null, days from waiting
)
select store, count(shipped) as shipments, min(shipped) as fastest, round(avg(shipped), 1) as average, max(shipped) as slowest,
       count(waits) as waiting, max(waits) as longest_wait
from both_of_them
group by store
order by store;
