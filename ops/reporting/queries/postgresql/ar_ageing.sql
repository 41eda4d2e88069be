-- What customers owe, by currency and by how long it is overdue on a day, and the credit that is not applied yet.
-- Open amounts are those of now: for a day in the past, take the tables of that day.
-- psql -v as_of="'2026-11-30'" -f ar_ageing.sql
with owed as (
    select currency, remaining, cast(:as_of as date) - coalesce(due, date) as days
    from golden_invoice
    where status in ('open', 'part_paid') and remaining <> 0
), aged as (
    select currency, remaining, 0 as credit,
           case when days <= 0 then remaining else 0 end as not_due,
           case when days between 1 and 30 then remaining else 0 end as days_1_30,
           case when days between 31 and 60 then remaining else 0 end as days_31_60,
           case when days between 61 and 90 then remaining else 0 end as days_61_90,
           case when days > 90 then remaining else 0 end as over_90
    from owed
    union all
    select currency, 0, unapplied, 0, 0, 0, 0, 0 from golden_credit_memo where status = 'open'
    union all
    select currency, 0, unapplied, 0, 0, 0, 0, 0 from golden_payment where status in ('received', 'deposited')
)
select currency, sum(not_due) as not_due, sum(days_1_30) as days_1_30, sum(days_31_60) as days_31_60, sum(days_61_90) as days_61_90,
       sum(over_90) as over_90, sum(remaining) as owed, sum(credit) as unapplied_credit
from aged
group by currency
having sum(remaining) <> 0 or sum(credit) <> 0
order by currency;
