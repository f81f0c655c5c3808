"""All of version 1.0.0 in one; a database of the last unnumbered version has these tables already."""

import collector.base.fields
import detection.models.fields
import django.core.validators
import django.db.models.deletion
import simple_history.models
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('detection', '0001_initial'),
        ('detection', '0002_least_history'),
        ('detection', '0003_sensitivity'),
        ('detection', '0004_least_history_help'),
        ('detection', '0005_floor_help'),
    ]

    initial = True

    dependencies = [
        ('collector', '0001_version_1'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DetectionSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cycle_limit_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('0'), help_text='US dollars a member may spend in a billing cycle, for example 400. Critical at twice that. 0 is off.', max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Cycle limit of a member ($)')),
                ('daily_requests_limit', models.BigIntegerField(default=0, help_text='Requests a member may make in a UTC day, for example 500. 0 is off.', validators=[django.core.validators.MinValueValidator(0, 'A limit cannot be negative. Enter 0 to switch this check off.')], verbose_name='Daily limit of a member (requests)')),
                ('daily_tokens_limit', models.BigIntegerField(default=0, help_text='Tokens of all kinds a member may use in a UTC day, for example 50000000. 0 is off.', validators=[django.core.validators.MinValueValidator(0, 'A limit cannot be negative. Enter 0 to switch this check off.')], verbose_name='Daily limit of a member (tokens)')),
                ('team_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('2.5'), help_text="How many standard deviations above the mean of active members a member's spend or requests in 24 h may be. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name='Above the team in 24 h (standard deviations)')),
                ('team_window_days', models.IntegerField(default=7, help_text='The number of days of team history in this mean.', validators=[django.core.validators.MinValueValidator(1, 'Enter 1 to 90 days.'), django.core.validators.MaxValueValidator(90, 'Enter 1 to 90 days.')], verbose_name='Team average (days)')),
                ('spike_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('5.0'), help_text="A spike is spend in 24 h above this many times the member's daily average. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name="Spike (times the member's daily average)")),
                ('spike_lookback_days', models.IntegerField(default=7, help_text="How many of the member's last days with spend are in this average.", validators=[django.core.validators.MinValueValidator(1, 'Enter 1 to 90 days.'), django.core.validators.MaxValueValidator(90, 'Enter 1 to 90 days.')], verbose_name='Spike average (days)')),
                ('cycle_outlier_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('10.0'), help_text='Cycle spend above this many times the median of active members. 0 is off.', max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name='Above the team in a cycle (times the median)')),
                ('expensive_model_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('3.0'), help_text="Cost per request in 24 h above this many times the member's usual. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name="Expensive requests (times the member's usual cost per request)")),
                ('expensive_model_min_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('20'), help_text='The cost per request is compared only if spend in 24 h is at least this many US dollars.', max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Compare the cost per request from ($ in 24 h)')),
                ('plan_exhausted', models.BooleanField(default=False, help_text="Report (as information) that a member's included usage is exhausted and spend is now billed.", verbose_name='Report members whose included usage is exhausted')),
                ('members_limited', models.BooleanField(default=True, help_text='Report members that Cursor stops at their spend limit.', verbose_name='Report members stopped by their spend limit')),
                ('team_budget_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('0'), help_text='US dollars the whole team may spend in a cycle, for example 20000. Critical at 110 %. 0 is off.', max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Budget of the team per cycle ($)')),
                ('own_baseline_sensitivity', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('3.25'), help_text="How many of the member's own robust standard deviations (of the logarithm of spend) 24 h may lie above what is usual for that member, for example 3.25; lower finds more. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'Above 1000 times nothing is ever found.')])),
                ('own_baseline_days', models.IntegerField(default=42, help_text="Days of the member's own history that define the usual.", validators=[django.core.validators.MinValueValidator(14, 'Enter 14 to 90 days.'), django.core.validators.MaxValueValidator(90, 'Enter 14 to 90 days.')], verbose_name='Own history (days)')),
                ('own_baseline_min_days', models.IntegerField(default=2, help_text='A member with spend on fewer days than this counts as having no history: an alert then requires spend, and requests or the price of a token, to exceed what is usual for the team.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 30 days.'), django.core.validators.MaxValueValidator(30, 'Enter 0 to 30 days.')], verbose_name='Days with spend that make a history')),
                ('drift_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('2.5'), help_text="Drift is a week's spend above this many times the member's usual week. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name="Slow drift (times the member's usual week)")),
                ('floor_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('50'), help_text="A member's spend below this many US dollars in 24 h never raises an alert by a comparison. Half of this is enough if the member makes far more requests than ever before, or far more expensive ones. 0 means no floor.", max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Spend floor ($ in 24 h)')),
                ('cooldown_hours', models.IntegerField(default=24, help_text='A cleared finding that returns within this many hours is continued rather than found again.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 720 hours.'), django.core.validators.MaxValueValidator(720, 'Enter 0 to 720 hours.')])),
                ('stale_after_hours', models.IntegerField(default=6, help_text='Data older than this many hours counts as missing, so nothing is opened or cleared.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 168 hours.'), django.core.validators.MaxValueValidator(168, 'Enter 0 to 168 hours.')], verbose_name='Data counts as missing after (hours)')),
                ('confirm_by_own_history', models.BooleanField(default=True, help_text='On: a comparison with an average or the team raises an alert only if the spend is also unusual for that member; otherwise it is information. Off: each check raises alerts by itself.', verbose_name='Alert only if the spend is also unusual for that member')),
                ('info_findings', models.BooleanField(default=False, help_text='Keep findings that are information only, such as exhausted plans and comparisons that no other check confirms.', verbose_name='Keep information that raises no alert')),
            ],
            options={
                'verbose_name': 'detection settings',
                'verbose_name_plural': 'detection settings',
            },
        ),
        migrations.CreateModel(
            name='HistoricalDetectionSettings',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('cycle_limit_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('0'), help_text='US dollars a member may spend in a billing cycle, for example 400. Critical at twice that. 0 is off.', max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Cycle limit of a member ($)')),
                ('daily_requests_limit', models.BigIntegerField(default=0, help_text='Requests a member may make in a UTC day, for example 500. 0 is off.', validators=[django.core.validators.MinValueValidator(0, 'A limit cannot be negative. Enter 0 to switch this check off.')], verbose_name='Daily limit of a member (requests)')),
                ('daily_tokens_limit', models.BigIntegerField(default=0, help_text='Tokens of all kinds a member may use in a UTC day, for example 50000000. 0 is off.', validators=[django.core.validators.MinValueValidator(0, 'A limit cannot be negative. Enter 0 to switch this check off.')], verbose_name='Daily limit of a member (tokens)')),
                ('team_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('2.5'), help_text="How many standard deviations above the mean of active members a member's spend or requests in 24 h may be. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name='Above the team in 24 h (standard deviations)')),
                ('team_window_days', models.IntegerField(default=7, help_text='The number of days of team history in this mean.', validators=[django.core.validators.MinValueValidator(1, 'Enter 1 to 90 days.'), django.core.validators.MaxValueValidator(90, 'Enter 1 to 90 days.')], verbose_name='Team average (days)')),
                ('spike_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('5.0'), help_text="A spike is spend in 24 h above this many times the member's daily average. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name="Spike (times the member's daily average)")),
                ('spike_lookback_days', models.IntegerField(default=7, help_text="How many of the member's last days with spend are in this average.", validators=[django.core.validators.MinValueValidator(1, 'Enter 1 to 90 days.'), django.core.validators.MaxValueValidator(90, 'Enter 1 to 90 days.')], verbose_name='Spike average (days)')),
                ('cycle_outlier_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('10.0'), help_text='Cycle spend above this many times the median of active members. 0 is off.', max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name='Above the team in a cycle (times the median)')),
                ('expensive_model_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('3.0'), help_text="Cost per request in 24 h above this many times the member's usual. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name="Expensive requests (times the member's usual cost per request)")),
                ('expensive_model_min_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('20'), help_text='The cost per request is compared only if spend in 24 h is at least this many US dollars.', max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Compare the cost per request from ($ in 24 h)')),
                ('plan_exhausted', models.BooleanField(default=False, help_text="Report (as information) that a member's included usage is exhausted and spend is now billed.", verbose_name='Report members whose included usage is exhausted')),
                ('members_limited', models.BooleanField(default=True, help_text='Report members that Cursor stops at their spend limit.', verbose_name='Report members stopped by their spend limit')),
                ('team_budget_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('0'), help_text='US dollars the whole team may spend in a cycle, for example 20000. Critical at 110 %. 0 is off.', max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Budget of the team per cycle ($)')),
                ('own_baseline_sensitivity', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('3.25'), help_text="How many of the member's own robust standard deviations (of the logarithm of spend) 24 h may lie above what is usual for that member, for example 3.25; lower finds more. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'Above 1000 times nothing is ever found.')])),
                ('own_baseline_days', models.IntegerField(default=42, help_text="Days of the member's own history that define the usual.", validators=[django.core.validators.MinValueValidator(14, 'Enter 14 to 90 days.'), django.core.validators.MaxValueValidator(90, 'Enter 14 to 90 days.')], verbose_name='Own history (days)')),
                ('own_baseline_min_days', models.IntegerField(default=2, help_text='A member with spend on fewer days than this counts as having no history: an alert then requires spend, and requests or the price of a token, to exceed what is usual for the team.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 30 days.'), django.core.validators.MaxValueValidator(30, 'Enter 0 to 30 days.')], verbose_name='Days with spend that make a history')),
                ('drift_multiplier', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('2.5'), help_text="Drift is a week's spend above this many times the member's usual week. 0 is off.", max_digits=6, validators=[detection.models.fields.refuse_small_multiplier, django.core.validators.MaxValueValidator(1000, 'A multiplier above 1000 would never find anything.')], verbose_name="Slow drift (times the member's usual week)")),
                ('floor_dollars', detection.models.fields.FiniteDecimalField(decimal_places=2, default=Decimal('50'), help_text="A member's spend below this many US dollars in 24 h never raises an alert by a comparison. Half of this is enough if the member makes far more requests than ever before, or far more expensive ones. 0 means no floor.", max_digits=10, validators=[django.core.validators.MinValueValidator(0, 'An amount in dollars cannot be negative.'), django.core.validators.MaxValueValidator(10000000, 'An amount above 10,000,000 dollars would never be reached.')], verbose_name='Spend floor ($ in 24 h)')),
                ('cooldown_hours', models.IntegerField(default=24, help_text='A cleared finding that returns within this many hours is continued rather than found again.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 720 hours.'), django.core.validators.MaxValueValidator(720, 'Enter 0 to 720 hours.')])),
                ('stale_after_hours', models.IntegerField(default=6, help_text='Data older than this many hours counts as missing, so nothing is opened or cleared.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 168 hours.'), django.core.validators.MaxValueValidator(168, 'Enter 0 to 168 hours.')], verbose_name='Data counts as missing after (hours)')),
                ('confirm_by_own_history', models.BooleanField(default=True, help_text='On: a comparison with an average or the team raises an alert only if the spend is also unusual for that member; otherwise it is information. Off: each check raises alerts by itself.', verbose_name='Alert only if the spend is also unusual for that member')),
                ('info_findings', models.BooleanField(default=False, help_text='Keep findings that are information only, such as exhausted plans and comparisons that no other check confirms.', verbose_name='Keep information that raises no alert')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical detection settings',
                'verbose_name_plural': 'historical detection settings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalExemption',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('cause', models.CharField(choices=[('spend', 'spend'), ('requests', 'requests'), ('tokens', 'tokens'), ('plan', 'plan'), ('limit', 'limit'), ('budget', 'budget'), ('price', 'price')], max_length=10)),
                ('kind', models.CharField(choices=[('expected', 'expected'), ('planned', 'planned'), ('too_small', 'too small')], max_length=10)),
                ('until_at', models.DateTimeField(blank=True, help_text='When it ends. If empty, it lasts until it is revoked.', null=True)),
                ('floor_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, help_text='For “too small”: spend in 24 h up to this amount never raises an alert about the member.', max_digits=16, null=True)),
                ('reason', models.TextField(blank=True, help_text='The reason, for later readers.')),
                ('created_by', models.CharField(blank=True, max_length=254)),
                ('created_at', models.DateTimeField()),
                ('revoked_by', models.CharField(blank=True, max_length=254)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='collector.member')),
            ],
            options={
                'verbose_name': 'historical exemption',
                'verbose_name_plural': 'historical exemptions',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Anomaly',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rule', models.CharField(choices=[('cycle_limit', 'cycle spend over the limit'), ('daily_requests', 'requests in a day over the limit'), ('daily_tokens', 'tokens in a day over the limit'), ('team_spend', 'spend far above the team average'), ('team_requests', 'requests far above the team average'), ('spike', 'spend spike'), ('cycle_outlier', 'cycle spend far above the team median'), ('expensive_model', 'more expensive requests'), ('plan_exhausted', 'plan exhausted'), ('members_limited', 'members stopped by their spend limit'), ('team_budget', 'team budget'), ('own_baseline', 'spend far above own usual'), ('drift', 'slow drift of spend'), ('machine_pace', "requests at a machine's pace"), ('price_change', 'price per token rose')], max_length=20)),
                ('cause', models.CharField(choices=[('spend', 'spend'), ('requests', 'requests'), ('tokens', 'tokens'), ('plan', 'plan'), ('limit', 'limit'), ('budget', 'budget'), ('price', 'price')], help_text='Findings with the same cause about the same spend belong to one incident.', max_length=10)),
                ('severity', models.CharField(choices=[('info', 'info'), ('warning', 'warning'), ('critical', 'critical')], max_length=10)),
                ('metric', models.CharField(help_text='What was measured, such as spend_24h or requests_day.', max_length=30)),
                ('observed', models.FloatField(help_text='The measured figure: money or a count, depending on the metric.')),
                ('bound', models.FloatField(help_text='The figure it had to exceed.')),
                ('expected', models.FloatField(help_text='The usual figure.')),
                ('extra_cents', collector.base.fields.CentsField(decimal_places=6, default=Decimal('0'), help_text='Spend above the usual.', max_digits=16, verbose_name='extra cost')),
                ('onset_at', models.DateTimeField(blank=True, help_text='The usage event at which the bound was crossed.', null=True)),
                ('detected_at', models.DateTimeField(help_text='The first run that found it.')),
                ('last_seen_at', models.DateTimeField(help_text='The latest run that found it.')),
                ('cleared_at', models.DateTimeField(blank=True, help_text='The first run that no longer found it.', null=True)),
                ('is_provisional', models.BooleanField(default=False, help_text='Whether it is based on a day that is not over.')),
                ('model', models.CharField(blank=True, help_text='The model behind most of the extra spend.', max_length=120)),
                ('operands', models.JSONField(default=dict, help_text='All the figures that it is based on.')),
                ('explanation', models.JSONField(default=dict, help_text='The parts that add up to the extra spend, the hours, and a one-sentence explanation.')),
                ('message', models.TextField()),
                ('member', models.ForeignKey(blank=True, help_text='Empty if it is about the whole team.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='anomalies', to='collector.member')),
            ],
            options={
                'verbose_name_plural': 'anomalies',
                'ordering': ['-detected_at', '-pk'],
                'indexes': [models.Index(fields=['-detected_at'], name='anomaly_detected')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('cleared_at__isnull', True)), fields=('member', 'rule'), name='anomaly_one_open_per_member_rule'), models.UniqueConstraint(condition=models.Q(('cleared_at__isnull', True), ('member__isnull', True)), fields=('rule',), name='anomaly_one_open_per_team_rule'), models.CheckConstraint(condition=models.Q(('last_seen_at__gte', models.F('detected_at'))), name='anomaly_last_seen_after_detected')],
            },
        ),
        migrations.CreateModel(
            name='Exemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(choices=[('spend', 'spend'), ('requests', 'requests'), ('tokens', 'tokens'), ('plan', 'plan'), ('limit', 'limit'), ('budget', 'budget'), ('price', 'price')], max_length=10)),
                ('kind', models.CharField(choices=[('expected', 'expected'), ('planned', 'planned'), ('too_small', 'too small')], max_length=10)),
                ('until_at', models.DateTimeField(blank=True, help_text='When it ends. If empty, it lasts until it is revoked.', null=True)),
                ('floor_cents', collector.base.fields.CentsField(blank=True, decimal_places=6, help_text='For “too small”: spend in 24 h up to this amount never raises an alert about the member.', max_digits=16, null=True)),
                ('reason', models.TextField(blank=True, help_text='The reason, for later readers.')),
                ('created_by', models.CharField(blank=True, max_length=254)),
                ('created_at', models.DateTimeField()),
                ('revoked_by', models.CharField(blank=True, max_length=254)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exemptions', to='collector.member')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('kind', 'planned'), _negated=True), ('until_at__isnull', False), _connector='OR'), name='exemption_planned_has_an_end', violation_error_message='Planned spend needs an end date.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'too_small'), _negated=True), ('floor_cents__gt', 0), _connector='OR'), name='exemption_too_small_has_a_floor', violation_error_message='“Too small” needs an amount, up to which no alert is raised.')],
            },
        ),
    ]
