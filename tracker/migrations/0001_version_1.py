"""All of version 1.0.0 in one; a database of the last unnumbered version has these tables already."""

import django.db.models.deletion
import simple_history.models
import tracker.models
from django.conf import settings
from django.db import migrations, models

ROLES = ("viewer", "responder", "admin")


def make_role_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name in ROLES:
        Group.objects.get_or_create(name=name)


class Migration(migrations.Migration):

    replaces = [
        ('tracker', '0001_initial'),
        ('tracker', '0002_role_groups'),
        ('tracker', '0003_model_colours'),
        ('tracker', '0004_left_sums'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessSettings',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('default_role', models.CharField(choices=[('viewer', 'viewer: reads'), ('responder', 'responder: reads, and acts on incidents')], default='responder', help_text='For everybody who may sign in and has no other role.', max_length=16)),
                ('responder_list', models.TextField(blank=True, help_text='One e-mail address or domain per line, for example oncall@example.com or @sre.example.com.', validators=[tracker.models.validate_address_list], verbose_name='responders')),
                ('admin_list', models.TextField(blank=True, help_text='In addition to AUTH_ADMIN_EMAILS. Admins can change settings and groups and open this admin.', validators=[tracker.models.validate_address_list], verbose_name='admins')),
                ('viewers_see', models.CharField(choices=[('names', 'everybody, by name'), ('pseudonyms', 'everybody, under pseudonyms'), ('own', 'only themselves and their own groups')], default='names', help_text='Responders and admins see everybody by name. If viewers do not, pages show them a notice.', max_length=16)),
            ],
            options={
                'verbose_name': 'access',
                'verbose_name_plural': 'access',
            },
        ),
        migrations.CreateModel(
            name='LeftSums',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=80, unique=True)),
                ('made_at', models.DateTimeField()),
                ('signed', models.TextField()),
            ],
            options={
                'verbose_name_plural': 'left sums',
            },
        ),
        migrations.CreateModel(
            name='ModelColour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(blank=True, max_length=120, unique=True)),
                ('place', models.PositiveIntegerField(help_text='Counted from 0; the colour follows from it.', unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What uses the token, for example “weekly report”.', max_length=80, unique=True)),
                ('scope', models.CharField(choices=[('viewer', 'read'), ('responder', 'read, and act on incidents'), ('admin', 'read, act on incidents, change settings and groups')], default='viewer', max_length=16)),
                ('hint', models.CharField(editable=False, max_length=12, verbose_name='begins with')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, help_text='If empty, the token never expires.', null=True)),
                ('last_used_at', models.DateTimeField(editable=False, null=True)),
                ('revoked_at', models.DateTimeField(editable=False, null=True)),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalAccessSettings',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('default_role', models.CharField(choices=[('viewer', 'viewer: reads'), ('responder', 'responder: reads, and acts on incidents')], default='responder', help_text='For everybody who may sign in and has no other role.', max_length=16)),
                ('responder_list', models.TextField(blank=True, help_text='One e-mail address or domain per line, for example oncall@example.com or @sre.example.com.', validators=[tracker.models.validate_address_list], verbose_name='responders')),
                ('admin_list', models.TextField(blank=True, help_text='In addition to AUTH_ADMIN_EMAILS. Admins can change settings and groups and open this admin.', validators=[tracker.models.validate_address_list], verbose_name='admins')),
                ('viewers_see', models.CharField(choices=[('names', 'everybody, by name'), ('pseudonyms', 'everybody, under pseudonyms'), ('own', 'only themselves and their own groups')], default='names', help_text='Responders and admins see everybody by name. If viewers do not, pages show them a notice.', max_length=16)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical access',
                'verbose_name_plural': 'historical access',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('action', models.CharField(choices=[('sign-in', 'signed in'), ('sign-out', 'signed out'), ('refused', 'was refused'), ('change', 'changed'), ('export', 'exported')], max_length=16)),
                ('actor_name', models.CharField(help_text='E-mail address, token name or “visitor” at that time.', max_length=254)),
                ('address', models.GenericIPAddressField(null=True)),
                ('target', models.CharField(blank=True, help_text='Method and path.', max_length=300)),
                ('detail', models.CharField(blank=True, max_length=500)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['action', '-at'], name='auditentry_action_at')],
            },
        ),
        migrations.RunPython(make_role_groups, migrations.RunPython.noop),
    ]
