-- Each accepted order up to a day beside its invoices: what is billed, credited and still owed, and whether the sums tie.
-- psql -v as_of="'2026-11-30'" -f orders_against_invoices.sql
with billed as (
    select order_key, sum(total) as invoiced, sum(remaining) as owed
    from golden_invoice
    where status in ('open', 'part_paid', 'paid') and date <= cast(:as_of as date)
    group by order_key
), credited as (
    select order_key, sum(total) as credited
    from golden_credit_memo
    where status in ('open', 'applied') and date <= cast(:as_of as date)
    group by order_key
)
select o.number, c.name as customer, o.status, o.currency, o.total as ordered, b.invoiced, x.credited, b.owed,
       o.total - coalesce(b.invoiced, 0) as difference,
       case when o.total = coalesce(b.invoiced, 0) then 'ties'
            when o.total < coalesce(b.invoiced, 0) then 'billed too much'
            when o.status in ('billed', 'closed') then 'billed too little'
            else 'to bill' end as verdict
from golden_order o
left join golden_customer c on c.key = o.customer_key
left join billed b on b.order_key = o.key
left join credited x on x.order_key = o.key
where o.number is not null and coalesce(o.status, '') <> 'cancelled' and o.date <= cast(:as_of as date)
order by o.number;
