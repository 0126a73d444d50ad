-- What those see who run the API: on which day a key was last used, and how many export jobs there are.

alter table service.api_keys add column last_used_on date;
grant update (last_used_on) on service.api_keys to preorders_api;

-- Numbers of all shops together; row by row the API's role may see one shop's alone.
create function service.count_export_jobs() returns table (status text, jobs bigint)
language sql stable security definer set search_path = ''
as $$
    select export_jobs.status, count(*) from service.export_jobs group by export_jobs.status
$$;

revoke execute on function service.count_export_jobs() from public;
grant execute on function service.count_export_jobs() to preorders_api;
