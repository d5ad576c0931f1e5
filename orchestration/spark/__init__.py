"""The same models on Apache Spark: `lead-funnel run --engine spark`.

dlt and DuckDB load the landing folder as ever; the raw tables then go to Spark
as Parquet, dbt builds every model there, and DuckDB reads Spark's Parquet back
for the checks and the publication. Nothing outside this package knows Spark.
"""
